/**
 * Which design for whom: what people may want, and which design of a run gives most of it.
 *
 * @module
 */
import type { DesignSummary, Estimate, Summary } from "../summary/summary.ts";
import { short } from "./table.ts";

/** What somebody may want of a server. */
interface Wish {
  readonly wish: string;
  /** Which designs can give it. */
  readonly among: (design: DesignSummary) => boolean;
  /** By what they are compared; less is better, unless `most`. */
  readonly measure: (design: DesignSummary) => Estimate | null;
  readonly most?: boolean;
  /** How such a figure reads. */
  readonly text: (value: number) => string;
}

/** A wish, and who fulfils it. */
export interface Advice {
  readonly wish: string;
  readonly best: string;
  /** The figure by which it is best. */
  readonly reading: string;
  /** Those whose intervals, or ranges, reach that of the best. */
  readonly asGood: readonly string[];
  /** Whether there is a spread at all: not after a single round. */
  readonly hasSpread: boolean;
}

const cpu = ({ cpuMicrosecondsPerConnection }: DesignSummary) => cpuMicrosecondsPerConnection;
const cpuText = (value: number) => `${short(value)} µs of CPU a connection`;

const MIB = 1024 * 1024;

/** Serves several clients at the same time: every design that is known, but for the baseline. */
const concurrent = ({ info, isBaseline }: DesignSummary) => info !== null && !isBaseline;

/** Has children that are processes. */
const ofProcesses = ({ info }: DesignSummary) =>
  info !== null && info.children !== "none" && info.children !== "worker";

const wishes: readonly Wish[] = [
  {
    wish: "the least CPU time",
    among: concurrent,
    measure: cpu,
    text: cpuText,
  },
  {
    wish: "the most clients a second",
    among: concurrent,
    measure: ({ connectionsPerSecond }) => connectionsPerSecond,
    most: true,
    text: (value) => `${short(value)} connections a second`,
  },
  {
    wish: "that hardly anyone waits long",
    among: concurrent,
    measure: ({ latency }) => latency.p99,
    text: (value) => `99 of 100 clients done within ${short(1000 * value)} ms`,
  },
  {
    wish: "little memory",
    among: concurrent,
    measure: ({ pssBytes }) => pssBytes,
    text: (value) => `${short(value / MIB)} MiB for everything that serves`,
  },
  {
    wish: "all children equally busy",
    among: concurrent,
    measure: ({ evenness }) => evenness,
    text: (value) => `the busiest child has ${short(value)} times the clients of the idlest`,
  },
  {
    wish: "a crash in one child to spare the others",
    among: ofProcesses,
    measure: cpu,
    text: (value) => `${cpuText(value)}, the least among processes`,
  },
  {
    wish: "all children in one process",
    among: ({ info }) => info?.children === "worker",
    measure: cpu,
    text: (value) => `${cpuText(value)}, the least among threads`,
  },
  {
    wish: "a fresh child for each client, with nothing left of the one before",
    among: ({ info }) => info?.lifetime === "client",
    measure: cpu,
    text: cpuText,
  },
  {
    wish: "the simplest program, and clients can wait for each other",
    among: ({ isBaseline }) => isBaseline,
    measure: cpu,
    text: cpuText,
  },
];

/** Who fulfils which wish, by the figures of a run. A wish nobody in it can fulfil is left out. */
export function advise({ designs }: Summary): Advice[] {
  return wishes.flatMap(({ wish, among, measure, most = false, text }) => {
    const rated = designs.filter(among)
      .flatMap((design) => {
        const estimate = measure(design);
        return estimate ? [{ id: design.id, estimate }] : [];
      })
      .toSorted((a, b) => (most ? -1 : 1) * (a.estimate.median - b.estimate.median));
    const [best, ...others] = rated;
    if (!best) return [];
    const reaches = ({ estimate: { interval } }: typeof best) =>
      most
        ? interval.high >= best.estimate.interval.low
        : interval.low <= best.estimate.interval.high;
    const hasSpread = best.estimate.n > 1;
    return [{
      wish,
      best: best.id,
      reading: text(best.estimate.median),
      asGood: hasSpread ? others.filter(reaches).map(({ id }) => id) : [],
      hasSpread,
    }];
  });
}
