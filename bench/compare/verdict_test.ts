import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compareCosts } from "./comparison.ts";
import { formatP, formatRatio, formatRatios, verdict, verdictEvent } from "./verdict.ts";

/** Rounds with a MAD of about 2 %. */
const a = [100, 98, 103, 101, 96, 104, 99, 102, 97, 100.5];
/** About the same, in another order. */
const alike = [102, 97, 100, 99, 101, 103, 98, 96, 104, 99.5];
/** Rounds with a MAD of about 20 %. */
const wild = [100, 70, 140, 120, 60, 150, 90, 130, 75, 105];

const times = (factor: number) => a.map((cost, index) => cost * (factor + index % 3 / 500));

function said(a: readonly number[], b: readonly number[], { paired = true, others = 0 } = {}) {
  const none = { paired, a, b: a };
  const all = [{ paired, a, b }, ...Array.from({ length: others }, () => none)];
  return verdict(compareCosts(all)[0]!, "old", "new");
}

Deno.test("verdict() gives a difference with its interval", () => {
  assertEquals(
    said(a, times(1.1)),
    "CPU per connection of new is 10 % higher than that of old (95 % interval 10…10 %, p = 0.002, " +
      "10 rounds).",
  );
  assertEquals(
    said(a, times(0.92)),
    "CPU per connection of new is 7.8 % lower than that of old (95 % interval 7.7…8.0 %, p = 0.002, " +
      "10 rounds).",
  );
});

Deno.test("verdict() gives a large difference as a multiple", () => {
  assertMatch(
    said(a, times(13)),
    /^CPU per connection of new is 13\.0 times that of old \(95 % interval 13\.0…13\.0 times, p = 0\.002, 10 rounds\)\.$/,
  );
});

Deno.test("verdict() without a difference gives the smallest that such rounds find", () => {
  assertEquals(
    said(a, alike),
    "CPU per connection of new and old: no difference found in 10 rounds (95 % interval " +
      "−2.4…+3.0 %, p = 0.70). One of 4.0 % would be found 8 times in 10.",
  );
});

Deno.test("verdict() in much noise gives the rounds needed for 10 %", () => {
  const text = said(a, wild);
  assertMatch(
    text,
    /no difference found in 10 rounds \(.*One of \d+ % would be found 8 times in 10\./,
  );
  assertMatch(text, /Finding one of 10 % needs about \d+ rounds\.$/);
  const hopeless = wild.map((cost, index) => cost ** (index % 2 ? 2 : 0.5));
  assertMatch(said(a, hopeless), /needs more than 1000 rounds\.$/);
});

Deno.test("verdict() of too few rounds gives the number needed", () => {
  assertEquals(
    said(a.slice(0, 5), times(1.2).slice(0, 5)),
    "CPU per connection of new and old: 5 rounds are too few: p cannot fall below 0.063; at least 6 rounds " +
      "are needed (measured: +20 %, range +20…+20 %).",
  );
  assertEquals(
    said([100], [250]),
    "CPU per connection of new and old: 1 round is too few: p cannot fall below 1.00; at least 6 rounds " +
      "are needed (measured: 2.5 ×).",
  );
});

Deno.test("verdict() among many comparisons needs stronger evidence", () => {
  const seven = [a.slice(0, 7), times(1.1).slice(0, 7)] as const;
  assertStringIncludes(said(...seven), "of new is 10 % higher than that of old");
  assertEquals(
    said(...seven, { others: 7 }),
    "CPU per connection of new and old: 7 rounds are too few for 8 comparisons: p cannot fall below 0.13; " +
      "at least 9 rounds are needed (measured: +10 %, range +10…+10 %).",
  );
  assertStringIncludes(
    said(a, times(1.1), { others: 7 }),
    "p = 0.002, 0.016 corrected for 8 comparisons, 10 rounds)",
  );
});

Deno.test("verdict() of two runs gives the rounds of each", () => {
  assertStringIncludes(
    said(a, alike.slice(0, 8), { paired: false }),
    "no difference found in 10 and 8 rounds",
  );
});

Deno.test("verdictEvent() has the numbers and the sentence", () => {
  const comparison = compareCosts([{ paired: true, a, b: times(1.1) }])[0]!;
  const { event, finding, ratio, interval, rounds, verdict: text } = verdictEvent(
    comparison,
    "old",
    "new",
  );
  assertEquals([event, finding, rounds], ["comparison", "higher", { a: 10, b: 10 }]);
  assertEquals([ratio, interval], [comparison.ratio, comparison.interval]);
  assertEquals(text, verdict(comparison, "old", "new"));
});

Deno.test("formatP(), formatRatio() and formatRatios() round to significant digits", () => {
  assertEquals([0.00012, 0.0213, 0.051, 0.5, 1].map(formatP), [
    "< 0.001",
    "0.021",
    "0.051",
    "0.50",
    "1.00",
  ]);
  assertEquals([0.92, 1, 1.034, 1.5, 2, 13.44].map(formatRatio), [
    "−8.0 %",
    "0.0 %",
    "+3.4 %",
    "+50 %",
    "2.0 ×",
    "13.4 ×",
  ]);
  assertEquals(formatRatios({ low: 0.97, high: 1.06 }), "−3.0…+6.0 %");
  assertEquals(formatRatios({ low: 0.998, high: 1.12 }), "0…+12 %");
  assertEquals(formatRatios({ low: 1.5, high: 2.6 }), "1.5…2.6 ×");
});

Deno.test("verdictEvent() of too few rounds derives nothing from their range", () => {
  const few = compareCosts([{ paired: true, a: a.slice(0, 3), b: times(1.1).slice(0, 3) }])[0]!;
  const { finding, visible, roundsForTenPercent } = verdictEvent(few, "old", "new");
  assertEquals([finding, visible, roundsForTenPercent], ["too few rounds", null, null]);
});
