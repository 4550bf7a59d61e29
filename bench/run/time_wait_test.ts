import { assert, assertEquals, assertMatch } from "@std/assert";
import { BOOK_LOAD } from "../report/testing_fixture.ts";
import { systemTimeWaits, waitForRoom } from "./time_wait.ts";

const load = { ...BOOK_LOAD, connections: 100, bytes: 1 };
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
