/**
 * The live view of a server that somebody else started, as lines.
 *
 * @module
 */
import type { ProcessSample, ServerSample } from "../machine/running.ts";
import { bar } from "../report/tables/bar.ts";

const MIB = 1024 * 1024;

/** Columns of a line besides its two bars. */
const NUMBERS_WIDTH = 51;
const [NARROWEST_BAR, WIDEST_BAR] = [4, 40];
const NAME_WIDTH = 12;

/** The sums of a sample, and a line for each process. */
export function processLines(where: string, sample: ServerSample, columns: number): string[] {
  const { processes, seconds, waiting } = sample;
  const room = Math.floor((columns - NUMBERS_WIDTH) / 2);
  const width = Math.max(NARROWEST_BAR, Math.min(room, WIDEST_BAR));
  const most = (of: (process: ProcessSample) => number | null) =>
    Math.max(1e-9, ...processes.map((process) => of(process) ?? 0));
  const busiest = most(({ connections }) => connections);
  const dearest = most(({ cpuSeconds }) => cpuSeconds);
  return [
    where,
    `${sumsText(sample)}${waiting > 0 ? `; ${waiting} wait for accept` : ""}`,
    "",
    ["process", "name".padEnd(NAME_WIDTH), "open", "conn./s", " ".repeat(width), " CPU %"].join(
      " ",
    ) +
    `${" ".repeat(width + 2)}     MiB`,
    ...processes.map(({ pid, name, open, connections, cpuSeconds, memoryBytes }) =>
      [
        String(pid).padStart(7),
        name.slice(0, NAME_WIDTH).padEnd(NAME_WIDTH),
        text(open).padStart(4),
        text(connections && connections / seconds).padStart(7),
        bar((connections ?? 0) / busiest, width),
        text(100 * cpuSeconds / seconds).padStart(6),
        bar(cpuSeconds / dearest, width),
        text(memoryBytes && memoryBytes / MIB, 1).padStart(8),
      ].join(" ")
    ),
  ];
}

function sumsText({ processes, seconds }: ServerSample): string {
  const rate = sumOf(processes, ({ connections }) => connections);
  const open = sumOf(processes, ({ open }) => open);
  const memory = sumOf(processes, ({ memoryBytes }) => memoryBytes);
  return [
    rate === null ? [] : `${text(rate / seconds)} connections a second`,
    open === null ? [] : `${open} open`,
    `CPU ${text(100 * sumOf(processes, ({ cpuSeconds }) => cpuSeconds)! / seconds)} %`,
    memory === null ? [] : `${text(memory / MIB, 1)} MiB`,
  ].flat().join(", ");
}

/** The sum of what is known; null if nothing is. */
export function sumOf(
  processes: readonly ProcessSample[],
  of: (process: ProcessSample) => number | null,
): number | null {
  const known = processes.flatMap((process) => of(process) ?? []);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

function text(value: number | null, decimals = 0): string {
  return value === null ? "–" : value.toFixed(decimals);
}
