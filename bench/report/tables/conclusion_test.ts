import { assertEquals, assertMatch } from "@std/assert";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { reportData } from "../summary/report_data.ts";
import { conclusion } from "./conclusion.ts";

/** Ten rounds of a design that costs this factor of the baseline, in noise of its own. */
function ten(id: string, factor: number, shift = 0): TrialFixture[] {
  const latency = { p50: 0.001, p99: 0.002 * factor, max: 0.1 };
  const noise = (round: number) => 1 + (round * 3 + shift) % 10 / 1000;
  return rounds(id, Array.from({ length: 10 }, (_, round) => 0.1 * factor * noise(round)), {
    latency,
  });
}

const of = async (trials: TrialFixture[]) => conclusion(await reportData(record(trials)));

Deno.test("conclusion() names the best designs, without the baseline, and those not told apart", async () => {
  const trials = [
    ...ten("iterative", 1),
    ...ten("prefork-mutex", 2),
    ...ten("prefork-file-lock", 2, 5),
    ...ten("prefork-fd-passing", 3),
  ];
  assertEquals(await of(trials), [
    "Cheapest per connection, apart from the baseline: prefork-file-lock, 201 µs of CPU.",
    "Best tail latency: prefork-file-lock, p99 4.00 ms. Highest throughput: prefork-file-lock, " +
    "2489 connections/s.",
    "Not distinguishable from prefork-file-lock in CPU time: prefork-mutex.",
  ]);
});

Deno.test("conclusion() tells a design apart that ran few rounds, all of them more expensive", async () => {
  const trials = [
    ...ten("prefork-mutex", 2),
    ...rounds("thread-per-client", [9, 9]),
    ...ten("door", 4),
  ];
  assertEquals((await of(trials)).at(-1), "All others use more CPU time than prefork-mutex.");
});

Deno.test("conclusion() tells how many rounds it takes to tell designs apart", async () => {
  const trials = [...rounds("prefork-mutex", [0.1]), ...rounds("prefork-file-lock", [0.2])];
  assertEquals(
    (await of(trials)).at(-1),
    "Too few rounds to tell the designs apart: at least 6 are needed.",
  );
});

Deno.test("conclusion() of a single design compares it with the baseline", async () => {
  const [values, finding, ...rest] = await of([...ten("iterative", 1), ...ten("prefork-mutex", 2)]);
  assertEquals(
    values,
    "prefork-mutex: 201 µs of CPU per connection, p99 4.00 ms, 2489 connections/s.",
  );
  assertMatch(finding!, /^CPU per connection of prefork-mutex is 2\.0 times that of the baseline /);
  assertEquals(rest, []);
});
