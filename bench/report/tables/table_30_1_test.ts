import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { BASELINE } from "../../plan/plan.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { type DesignInfo, summarize } from "../summary/summary.ts";
import { table301 } from "./table_30_1.ts";

const registry: DesignInfo[] = [
  { id: "iterative", title: "Baseline", children: "none", accepts: "the process", row: 0 },
  {
    id: "pool",
    title: "A pool",
    children: "fork",
    accepts: "every child",
    row: 2,
    lifetime: "pool",
  },
  { id: "slow", title: "Slow", children: "worker", accepts: "every thread", lifetime: "client" },
];

const tableOf = (trials: readonly TrialFixture[]) => table301(summarize(record(trials), registry));

/** The texts of a row, by column header. */
function row(trials: readonly TrialFixture[], id: string): Record<string, string> {
  const { columns, rows } = tableOf(trials);
  const cells = rows.find((cells) => cells[1]?.value === id)!;
  const shown = columns.map((column, index) => ({ ...column, text: cells[index]!.text }));
  return Object.fromEntries(
    shown.filter(({ only }) => only !== "csv").map(({ header, text }) => [header, text]),
  );
}

const noted = (trials: readonly TrialFixture[]) => tableOf(trials).notes.join("\n");

const sevenRounds = [
  ...rounds("iterative", [0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]),
  ...rounds("pool", [0.15, 0.16, 0.17, 0.18, 0.19, 0.21, 0.22]),
];

Deno.test("table301() has every result of a design, and the book's", () => {
  assertEquals(row(sevenRounds, "pool"), {
    "row": "2",
    "design": "pool",
    "n": "7",
    "CPU s": "0.180",
    "MAD %": "11.1",
    "process control s": "−0.020",
    "95 % interval": "−0.050…+0.020",
    "CPU µs /conn.": "180.0",
    "wall s": "0.360",
    "conn. /s": "2778",
    "p50 µs": "200",
    "p99 µs": "900",
    "max µs": "4000",
    "ctx sw. /conn.": "2.00",
    "PSS MiB": "50.0",
    "book 3rd ed.": "1.80",
  });
});

Deno.test("table301() has p99.9 and the mean of the memory where the record has them", () => {
  const latency = { p50: 0.0002, p99: 0.0009, p999: 0.003, max: 0.004 };
  const more = { latency, memory: { peak: 80, mean: 70 } };
  const of = row(rounds("pool", Array(10).fill(0.1), more), "pool");
  // 9000 requests are too few.
  assertEquals(row(rounds("pool", Array(9).fill(0.1), more), "pool")["p99.9 µs"], undefined);
  assertEquals([of["p99.9 µs"], of["PSS MiB"], of["mean PSS MiB"]], ["3000", "80.0", "70.0"]);
});

Deno.test("table301() marks the baseline", () => {
  const baseline = row(sevenRounds, "iterative");
  assertEquals([baseline["process control s"], baseline["95 % interval"]], ["0", "(baseline)"]);
  assertEquals(baseline["book 3rd ed."], "–");
});

Deno.test("table301() calls the spread of fewer than 6 rounds a range", () => {
  const few = sevenRounds.filter(({ round }) => round < 5);
  assertEquals(row(few, "pool")["range"], "−0.050…−0.010");
  assertStringIncludes(
    noted(few),
    "Range: lowest to highest; a 95 % interval needs at least 6 rounds",
  );
  assert(!noted(few).includes("95 % interval: the median"));
});

Deno.test("table301() marks ranges if other designs have intervals", () => {
  const mixed = [...sevenRounds, ...rounds("slow", [3.2, 4.2])];
  const header = "95 % interval, or range (r)";
  assertEquals(row(mixed, "slow")[header], "r +3.000…+4.000");
  assertEquals(row(mixed, "pool")[header], "−0.050…+0.020");
});

Deno.test("table301() has no spread for a single round", () => {
  const one = sevenRounds.filter(({ round }) => round === 0);
  assertEquals(row(one, "pool")["range"], "–");
  assertEquals(row(one, "pool")["process control s"], "−0.050");
  assertStringIncludes(noted(one), "One round has no spread");
});

Deno.test("table301() highlights the number of valid rounds if some failed", () => {
  const trials = [...sevenRounds, { design: "pool", round: 7, failed: "timed out" }];
  assertEquals(row(trials, "pool")["n"], "7/8");
  const cells = tableOf(trials).rows.flat().filter(({ warn }) => warn);
  assertEquals(cells.map(({ text }) => text), ["7/8"]);
});

Deno.test("table301() has no process-control time without a baseline, and a note on it", () => {
  const alone = rounds("pool", [0.15, 0.16]);
  assertEquals(row(alone, "pool")["process control s"], "–");
  assertEquals(row(alone, "pool")["CPU s"], "0.155");
  assertStringIncludes(noted(alone), "pool: no process-control time for 2 of 2 rounds");
});

Deno.test("table301() shows the MAD of several rounds", () => {
  assertEquals(row(sevenRounds, "iterative")["MAD %"], "0.0");
  assertEquals(row(sevenRounds.filter(({ round }) => round === 0), "pool")["MAD %"], "–");
});

/** Rounds of a baseline and of designs that cost about this factor of it. */
function designs(n: number, factors: Readonly<Record<string, number>>): TrialFixture[] {
  const cpu = Array.from({ length: n }, (_, round) => 0.2 + round * 7 % 5 / 1000);
  return [
    ...rounds("iterative", cpu),
    ...Object.entries(factors).flatMap(([id, factor]) =>
      rounds(id, cpu.map((seconds, round) => seconds * factor + (round * 3 % 7 - 3) / 1000))
    ),
  ];
}

Deno.test("table301() notes which designs differ from the baseline, corrected for their number", () => {
  const text = noted(designs(10, { pool: 1.5, slow: 0.7, same: 1 }));
  assertStringIncludes(
    text,
    "CPU time compared with the baseline's (Wilcoxon's signed-rank test within rounds, p after Holm's correction " +
      "for 3 designs): more: pool (p = 0.006); less: slow (p = 0.006); " +
      "no difference found: same (p = ",
  );
  assertStringIncludes(text, "would probably be found)");
});

Deno.test("table301() notes too few rounds, and how many are needed", () => {
  const text = noted(designs(7, { pool: 1.5, slow: 3, other: 4, fourth: 5 }));
  assertStringIncludes(
    text,
    "for 4 designs): too few rounds: pool (7), slow (7), other (7), fourth (7). A difference takes " +
      "at least 8 rounds.",
  );
  assert(!text.includes("more: "));
});

Deno.test("table301() lists outlying rounds with the reason, and includes them", () => {
  const outlying = sevenRounds.map((trial) =>
    trial.design === "pool" && trial.round === 4 ? { ...trial, cpu: 0.9 } : trial
  );
  // The median is 0.18 s and the MAD 0.03 s.
  assertStringIncludes(
    noted(outlying),
    "(CPU s more than 3.5 scaled MADs from the median of the design; Iglewicz and Hoaglin): " +
      "pool round 4 (0.900 s, 16.2 above).",
  );
  assertEquals(row(outlying, "pool")["n"], "7");
  assert(!noted(sevenRounds).includes("Outlying rounds"));
});

Deno.test("table301() of local servers has their transports, and no results of the book", () => {
  const recorded = record([{ design: "iterative" }, { design: "door" }]);
  const plan = { ...recorded.run.plan, local: true };
  const { title, columns, rows, notes } = table301(
    summarize({ ...recorded, run: { ...recorded.run, plan } }),
  );
  assertEquals(title, "Local servers: cost of each design");
  const headers = columns.map(({ header }) => header);
  assert(!headers.includes("book 3rd ed."));
  const over = rows.map((cells) => cells[headers.indexOf("over")]!.text);
  assertEquals(over, ["unix", "door"]);
  assertStringIncludes(notes.join("\n"), "Over: the transport");
});

Deno.test("table301() notes which designs have fewer rounds, and whose loads were ended early", () => {
  const recorded = record([...sevenRounds, ...rounds("slow", [9, 9])]);
  assertStringIncludes(
    table301(summarize(recorded, registry)).notes.join("\n"),
    "Fewer rounds: slow. Their trials take longest, so they leave time for the others.",
  );
  const half = recorded.trials.map((trial) => {
    const connections = trial.design === "slow" ? trial.client!.connections / 2 : 1000;
    return { ...trial, client: { ...trial.client!, connections } };
  });
  const { columns, rows, notes } = table301(summarize({ ...recorded, trials: half }, registry));
  assertStringIncludes(notes.join("\n"), "s of load: slow (about 500) of 1000 connections");
  const cpu = columns.findIndex(({ header }) => header === "CPU s");
  const name = columns.findIndex(({ header }) => header === "design");
  // Scaled to all connections.
  assertEquals(rows.find((row) => row[name]!.text === "slow")![cpu]!.value, 18);
});

Deno.test("table301() scales the sums of loads that had a duration, up or down, and says so", () => {
  const recorded = record([...sevenRounds, ...rounds("slow", [9, 9])]);
  const factors: Record<string, number> = { slow: 0.1, [BASELINE]: 3 };
  const timed = recorded.trials.map((trial) => ({
    ...trial,
    load: { ...trial.load, duration: 2 },
    client: { ...trial.client!, connections: 1000 * (factors[trial.design] ?? 1) },
  }));
  const run = { ...recorded.run, plan: { ...recorded.run.plan, duration: 2 } };
  const summary = summarize({ run, trials: timed }, registry);
  const text = table301(summary).notes.join("\n");
  assertStringIncludes(text, "Connections in 2 s: ");
  assertStringIncludes(text, "slow (about 100)");
  assertStringIncludes(text, `${BASELINE} (about 3000)`);
  assertStringIncludes(text, "are scaled to 1000 connections");
  const of = (id: string) => summary.designs.find((design) => design.id === id)!;
  const baseline = recorded.trials.find(({ design }) => design === BASELINE)!.cpu!.total / 3;
  assertAlmostEquals(of("slow").cpu!.median, 90);
  assertAlmostEquals(of("slow").processControl!.interval.high, 90 - baseline, 0.01);
});

Deno.test("table301() has CPU time and throughput of a request where a connection has several", () => {
  const trials = [{ design: "pool", cpu: 0.2, requests: 10 }];
  const { "CPU µs /conn.": each, "CPU µs /req.": request, "req. /s": rate } = row(trials, "pool");
  assertEquals([each, request, rate], ["200.0", "20.0", "25000"]);
  assertEquals(row([{ design: "pool" }], "pool")["CPU µs /req."], undefined);
});

Deno.test("table301() has wake-ups and empty accepts where children wait before they accept", () => {
  const { trials, run } = record([{ design: "iterative" }, { design: "prefork-epoll" }]);
  const some = trials.map((trial) => ({
    ...trial,
    children: trial.children.map((child) => ({ ...child, emptyAccepts: 250 })),
  }));
  const ofEpoll = (recorded: Parameters<typeof summarize>[0]) => {
    const { columns, rows } = table301(summarize(recorded));
    const at = (header: string) => columns.findIndex((column) => column.header === header);
    return rows[1]!.filter((_, index) => at("wake-ups /conn.") <= index)
      .slice(0, 2).map(({ text }) => text);
  };
  assertEquals(ofEpoll({ run, trials: some }), ["1.50", "0.25"]);
  // A record from before they were counted.
  assertEquals(ofEpoll({ run, trials }), ["1.50", "–"]);
  assertEquals(row([{ design: "pool" }], "pool")["wake-ups /conn."], undefined);
});

Deno.test("table301() has the events that were counted, and has instructions decide", () => {
  const counted = (id: string, cpu: number[], instructions: number) =>
    cpu.map((cpu, round) => ({ design: id, round, cpu, instructions: instructions + round }));
  // CPU time does not tell them apart.
  const cpu = [0.2, 0.1, 0.3, 0.2, 0.1, 0.3];
  const baseline = counted("iterative", cpu, 1e6);
  const pool = counted("pool", cpu.toReversed(), 1.02e6);
  const of = row([...baseline, ...pool], "pool");
  assertEquals([of["instr. /conn."], of["page faults /conn."], of["migrations /conn."]], [
    "1020",
    "0.00",
    "0.100",
  ]);
  assertEquals(of["cycles /conn."], undefined);
  const notes = noted([...baseline, ...pool]);
  assertStringIncludes(notes, "Instructions per connection compared with the baseline's");
  assertStringIncludes(notes, "more: pool (p = 0.031)");
  // One trial without them, and CPU time decides.
  const [first, ...others] = baseline;
  const { instructions: _, ...without } = first!;
  const fallen = noted([without, ...others, ...pool]);
  assertStringIncludes(fallen, "CPU time compared with the baseline's");
  assertStringIncludes(fallen, "no difference found: pool");
  assertEquals(row(sevenRounds, "pool")["instr. /conn."], undefined);
});
