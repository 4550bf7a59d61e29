import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemTimeWaits, waitForRoom } from "./time_wait.ts";

const load = {
  clients: 10,
  connections: 100,
  requests: 1,
  bytes: 1,
  think: 0,
  rate: 0,
  duration: 0,
  work: 0,
  wait: 0,
};
const NEVER = new AbortController().signal;

/** Waits with these numbers of connections, one for each reading, and returns the notes. */
async function wait(counts: number[], limit: number | null, signal = NEVER): Promise<string[]> {
  const notes: string[] = [];
  const now = () => counts.length > 1 ? counts.shift()! : counts[0]!;
  await waitForRoom(
    { design: "iterative", load, poolSize: null },
    { now, limit },
    signal,
    (reason) => notes.push(reason),
  );
  return notes;
}

Deno.test("waitForRoom() does not wait if there is room, or no limit", async () => {
  assertEquals(await wait([100], 5000), []);
  assertEquals(await wait([1e6], null), []);
});

Deno.test("waitForRoom() waits until there is room, and notes the reason once", async () => {
  const counts = [4500, 4500, 4500, 4200, 10];
  const [notes, ...more] = await wait(counts, 5000);
  assertMatch(notes!, /TIME_WAIT: there are 4500, the kernel keeps 5000$/);
  assertEquals([more, counts], [[], [10]]);
});

Deno.test("waitForRoom() does not wait in vain, nor once it is aborted", async () => {
  assertEquals(await wait([100], 1000), []);
  assertEquals((await wait([4500], 5000, AbortSignal.abort())).length, 1);
});

Deno.test("systemTimeWaits() reads this machine", () => {
  const { now, limit } = systemTimeWaits();
  assert(limit! > 0 && now()! >= 0);
});
