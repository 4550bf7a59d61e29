import { assertEquals, assertMatch } from "@std/assert";
import { compareCosts } from "./comparison.ts";
import { gate, gateLines, gatesOf, worstOf } from "./gate.ts";
import type { MetricName } from "./metrics.ts";

const a = [99, 99.5, 100, 100.2, 100.5, 101, 99.8, 100.1];
const times = (factor: number) => a.map((value) => value * factor);
const compared = (b: readonly number[]) => compareCosts([{ paired: false, a, b }])[0]!;
const gated = (b: readonly number[], share: number, metric: MetricName = "cpu") =>
  gate(compared(b), "new", metric, share);

const cases: readonly [
  b: readonly number[],
  share: number,
  metric: MetricName,
  gate: string,
  why: RegExp,
][] = [
  [
    times(1.2),
    0.05,
    "cpu",
    "regression",
    /^Regression: CPU .* of new is more than 5 % higher \(measured: \+20 %\)\.$/,
  ],
  [times(51), 0.05, "cpu", "regression", /measured: 51\.0 ×/],
  [times(0.8), 0.05, "throughput", "regression", /throughput of new is more than 5 % lower/],
  // Below the threshold, better, or equal, and rounds that would have found it.
  [
    times(1.03),
    0.05,
    "cpu",
    "passed",
    /^Passed: CPU .* is not more than 5 % higher \(measured: \+3\.0 %\); 8 of 10 such/,
  ],
  [times(0.8), 0.05, "p99", "passed", /measured: −20 %/],
  [times(1.2), 0.05, "throughput", "passed", /measured: \+20 %/],
  [a, 0.05, "memory", "passed", /measured: 0\.0 %/],
  // Rounds that would not have found it.
  [
    a,
    0.001,
    "cpu",
    "unsure",
    /^Cannot tell whether CPU .* is more than 0\.1 % .*: 8 rounds would not .*; about \d+ in each run would/,
  ],
  [
    [5100],
    0.05,
    "cpu",
    "unsure",
    /\(measured: 51\.0 ×\): 8 and 1 rounds .*; nothing can be said of fewer than \d+ in each run/,
  ],
  [
    times(1).map((value, i) => value * (i % 2 ? 1.5 : 0.7)),
    0.05,
    "p99",
    "unsure",
    /about \d+ in each run would/,
  ],
];

for (const [b, share, metric, outcome, why] of cases) {
  Deno.test(`gate() of ${metric} is ${outcome}: ${why.source}`, () => {
    const result = gated(b, share, metric);
    assertEquals(result.outcome, outcome, result.sentence);
    assertMatch(result.sentence, why);
  });
}

Deno.test("gatesOf() judges the metrics with a threshold, and is unsure without a value", () => {
  const all = [
    { metric: "cpu", a, b: times(1.2), comparison: compared(times(1.2)) },
    { metric: "p50", a, b: times(9), comparison: compared(times(9)) },
    { metric: "memory", a, b: [], comparison: null },
  ] as const;
  const gates = gatesOf(all, "new", { cpu: 0.3, memory: 0.1 });
  assertEquals(gates.map(({ metric, outcome }) => [metric, outcome]), [
    ["cpu", "passed"],
    ["memory", "unsure"],
  ]);
  assertEquals(worstOf(gates), "unsure");
  assertEquals(gateLines(gates, ["x is missing from B"]), [
    gates[0]!.sentence,
    gates[1]!.sentence,
    "Cannot tell: x is missing from B.",
  ]);
  assertEquals(gateLines([gates[0]!, gates[0]!]), ["2 thresholds passed."]);
  assertEquals(worstOf(gatesOf(all, "new", { cpu: 0.1, memory: 0.1 })), "regression");
  assertEquals(worstOf([]), "passed");
});
