/**
 * Benchmark: the latency of a call over each means of message passing: eight bytes there, eight bytes back.
 * The book says that doors are faster than almost every other (UNP volume 2, §15.1 and appendix A).
 *
 * @module
 */
import { ExitCode } from "../../servers/errors.ts";
import { requireFork } from "../../servers/posix/fork.ts";
import { defineCommand } from "../cli/command.ts";
import { roundsFlag } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { median } from "../statistics/median.ts";
import { type Means, means } from "./messages_means.ts";

const flags = {
  calls: {
    kind: "integer",
    value: "N",
    default: 5000,
    min: 100,
    max: 1_000_000,
    help: "Make N calls of each means in a round",
  },
  rounds: roundsFlag("Run N rounds, in which the means take turns"),
} as const;

export const command = defineCommand({
  name: "messages",
  operands: "",
  description: "Measure how long a call takes over each means of passing messages, in µs.",
  examples: [
    ["Measure all means", ""],
    ["Measure them longer", "--calls 50k --rounds 10"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  run: messages,
});

/** The latencies of calls in microseconds, sorted. */
function measure(call: () => void, calls: number, together = 1): Float64Array {
  return Float64Array.from({ length: calls }, () => {
    const began = performance.now();
    for (let i = 0; i < together; i++) call();
    return (performance.now() - began) * 1000 / together;
  }).sort();
}

/** What was measured of one means, in each round. */
interface Measured {
  readonly medians: number[];
  readonly p99s: number[];
}

async function messages(
  { flags: { calls, rounds } }: { flags: Record<"calls" | "rounds", number> },
) {
  requireFork();
  await using stack = new AsyncDisposableStack();
  const ready: (() => void)[] = [];
  for (const { prepare } of means) ready.push(await prepare(stack));
  const measured = means.map((): Measured => ({ medians: [], p99s: [] }));
  // The first round warms up V8 and the caches.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { together }] of means.entries()) {
      const times = measure(ready[i]!, calls, together);
      if (round === 0) continue;
      measured[i]!.medians.push(times[calls >> 1]!);
      measured[i]!.p99s.push(times[Math.floor(calls * 0.99)]!);
    }
  }
  print(measured);
  return ExitCode.ok;
}

const digits = (us: number) => us.toFixed(us < 1 ? 3 : 1);

function print(measured: readonly Measured[]): void {
  const rows = means.map(({ name, where }, i) => ({ name, where, ...measured[i]! }))
    .toSorted((a, b) => median(a.medians) - median(b.medians));
  printLine("8 bytes there and back, µs: median and p99 of a round, medians over rounds");
  printLine(
    `${"means".padEnd(26)}${"answered in".padEnd(18)}  median       p99  (medians: least – most)`,
  );
  for (const { name, where, medians, p99s } of rows) {
    const [low, high] = [Math.min(...medians), Math.max(...medians)];
    printLine(
      `${name.padEnd(26)}${where.padEnd(18)}${digits(median(medians)).padStart(8)}` +
        `${digits(median(p99s)).padStart(10)}  (${digits(low)} – ${digits(high)})`,
    );
  }
  printLine(`\n${verdict(rows)}`);
}

/** Whether the book's claim holds on this machine. */
function verdict(
  rows: readonly (Pick<Means, "name" | "where"> & Measured)[],
): string {
  const others = rows.filter(({ name, where }) => where === "another process" && !isOurs(name));
  const door = median(rows.find(({ name }) => name === "door call")!.medians);
  const beaten = others.filter(({ medians }) => median(medians) > door);
  const ratios = others.map(({ name, medians }) =>
    `${(door / median(medians)).toFixed(2)} × ${name}`
  );
  return `A door call takes ${
    ratios.join(", ")
  }. That doors are faster than almost every other means ${
    beaten.length >= others.length - 1 ? "holds" : "does not hold"
  } here, where they are made of Unix sockets.`;
}

/** Whether it is one of ours, made of Unix sockets. */
const isOurs = (name: string) => name.startsWith("door") || name.includes("channel");
