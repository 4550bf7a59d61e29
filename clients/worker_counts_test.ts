import { assertEquals } from "@std/assert";
import { shareMemory } from "../servers/posix/memory.ts";
import { inChild } from "../servers/testing/fork.ts";
import { WorkerCounts } from "./worker_counts.ts";

Deno.test("WorkerCounts adds up what forked clients count, since each was reset", () => {
  const counts = new WorkerCounts("x", shareMemory(WorkerCounts.bytes(2)).buffer);
  for (const names of [["a", "b", "a"], ["b", "ä".repeat(50)]]) {
    const { code } = inChild(() => {
      counts.count("before");
      counts.reset();
      names.forEach((name) => counts.count(name));
    });
    assertEquals(code, 0);
  }
  assertEquals(counts.read(), new Map([["a", 2], ["b", 2], ["ä".repeat(30), 1]]));
});

Deno.test("WorkerCounts has room for 1024 names of each client, and counts no others", () => {
  const counts = new WorkerCounts("x", shareMemory(WorkerCounts.bytes(1)).buffer);
  for (let i = 0; i < 1030; i++) counts.count(String(i));
  assertEquals(counts.read().size, 1024);
});
