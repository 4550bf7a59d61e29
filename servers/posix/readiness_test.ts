import { assert, assertEquals } from "@std/assert";
import { closing, forkReady } from "../testing/fork.ts";
import { eventually } from "../testing/process.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
import { pipe, Poller } from "./descriptors.ts";
import { readText } from "./files.ts";
import { close, read, write } from "./io.ts";
import { kill, wait } from "./processes.ts";
import { openWait, waiting } from "./readiness.ts";
import { Signal } from "./signals.ts";
import { acceptReady, connect, listen, streamSocket } from "./sockets.ts";

const CHILDREN = 3;
const byte = new Uint8Array(1);

/** Enough for a child to be woken that is not to be, and for one that is, on a busy machine. */
const [WAKING_MS, PATIENCE_MS] = [50, 10_000];

const isAsleep = (pid: number) => readText(`/proc/${pid}/stat`).includes(") S ");

/** How many of three children that wait for a listener return from that when one client connects. */
async function wokenBy(by: keyof typeof waiting, expected: number): Promise<number> {
  const listener = listen(internetAddress("127.0.0.1", 0), "test");
  const [output, input] = pipe();
  using _ = closing(output, input, listener);
  const children = Array.from({ length: CHILDREN }, () =>
    forkReady((ready) => {
      using readiness = openWait(by, listener);
      ready();
      readiness.wait();
      write(input, byte, 1);
    }));
  for (const pid of children) {
    await eventually("a child that sleeps", () => isAsleep(pid) || undefined);
  }
  const client = internetAddress("127.0.0.1", boundAddress(listener).port);
  const connection = streamSocket(client);
  connect(connection, client);
  let woken = 0;
  const poller = new Poller([output]);
  while (woken < CHILDREN && poller.wait(woken < expected ? PATIENCE_MS : WAKING_MS)) {
    woken += read(output, byte);
  }
  for (const pid of children) {
    kill(pid, Signal.KILL);
    wait(pid);
  }
  close(connection);
  return woken;
}

for (const by of ["select", "poll", "epoll"] as const) {
  Deno.test(`openWait() by ${by} wakes every child for one client`, async () => {
    assertEquals(await wokenBy(by, CHILDREN), CHILDREN);
  });
}

Deno.test("openWait() by epoll-exclusive wakes one child for one client", async () => {
  assertEquals(await wokenBy("epoll-exclusive", 1), 1);
});

for (const by of Object.keys(waiting) as (keyof typeof waiting)[]) {
  Deno.test(`openWait() by ${by} returns as long as there is a client, and accept takes it`, () => {
    const address = internetAddress("127.0.0.1", 0);
    const listener = listen(address, "test");
    using _ = closing(listener);
    using readiness = openWait(by, listener);
    assertEquals(acceptReady(listener), -1);
    const server = internetAddress("127.0.0.1", boundAddress(listener).port);
    const client = streamSocket(server);
    connect(client, server);
    readiness.wait();
    readiness.wait();
    const connection = acceptReady(listener);
    assert(connection !== -1);
    assertEquals(acceptReady(listener), -1);
    // The connection itself blocks.
    write(client, byte, 1);
    assertEquals(read(connection, byte), 1);
    close(connection);
    close(client);
  });
}
