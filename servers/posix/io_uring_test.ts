import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../testing/backlog.ts";
import { Errno } from "./errors.ts";
import { close } from "./io.ts";
import { Operation, Ring } from "./io_uring.ts";
import { tryIoUring } from "./io_uring_memory.ts";

const ignore = tryIoUring() !== 0;

Deno.test({
  name: "a Ring with more results than it has room for loses none",
  ignore,
  fn() {
    using clients = new Backlog();
    using ring = new Ring({ operations: 2, buffers: 1, bufferBytes: 64 });
    for (let i = 0; i < 10; i++) clients.add();
    ring.accept(clients.listener);
    const accepted = [];
    let hasOverflown = false;
    while (accepted.length < 10) {
      ring.wait();
      hasOverflown ||= ring.isOverflown;
      while (ring.next()) {
        assertEquals([ring.operation, ring.result > 0], [Operation.accept, true]);
        accepted.push(ring.result);
        if (!ring.isMore) ring.accept(clients.listener);
      }
    }
    assert(hasOverflown);
    assertEquals(new Set(accepted).size, 10);
    accepted.forEach(close);
  },
});

Deno.test({
  name: "a Ring without a free buffer says so, and gets the input later",
  ignore,
  fn() {
    using clients = new Backlog();
    using ring = new Ring({ operations: 4, buffers: 1, bufferBytes: 64 });
    for (const request of ["1\n", "22\n"]) clients.add(request);
    ring.accept(clients.listener);
    const results: number[] = [];
    while (results.length < 3) {
      ring.wait();
      while (ring.next()) {
        const { operation, result, descriptor } = ring;
        if (operation === Operation.accept) ring.receive(result);
        else {
          results.push(result);
          if (result === -Errno.ENOBUFS) ring.receive(descriptor);
          else close(descriptor);
        }
      }
    }
    assertEquals(results, [2, -Errno.ENOBUFS, 3]);
  },
});
