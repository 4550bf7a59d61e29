/**
 * The live view of a server: clients and CPU per child as they change, redrawn in place.
 *
 * @module
 */
import type { LiveCounts } from "../../servers/host/account.ts";
import { bar } from "../report/tables/bar.ts";
import { UsageError } from "../../servers/errors.ts";
import { hasCodes } from "./terminal.ts";
import { Redrawn, type Terminal, terminalOf } from "./redraw.ts";

/** Milliseconds between updates: often enough to see changes, seldom enough to read. */
const STEP_MS = 250;

/** A view of a server on standard output. Disposing removes it. */
export class LiveView implements Disposable {
  readonly #redrawn: Redrawn;
  #timer: ReturnType<typeof setInterval> | undefined;
  #before: { readonly connections: number; readonly at: number } | undefined;

  readonly #counted: string;

  /** `counted`: what is counted of each child. */
  constructor(counted: string, terminal: Terminal = terminalOf(Deno.stdout)) {
    this.#counted = counted;
    this.#redrawn = new Redrawn(terminal);
  }

  /** Requests counts now and regularly; the caller passes them to `update`. */
  start(request: () => void): void {
    this.#timer = setInterval(request, STEP_MS);
    request();
  }

  /** Shows new counts. */
  update(counts: LiveCounts): void {
    const now = { connections: counts.connections, at: performance.now() };
    const { connections, at } = this.#before ?? now;
    const seconds = Math.max(now.at - at, 1) / 1000;
    this.#before = now;
    const rate = (now.connections - connections) / seconds;
    this.#redrawn.draw(viewLines(counts, rate, this.#redrawn.columns, this.#counted));
  }

  /** Prints a permanent line above the view. */
  print(line: string): void {
    this.#redrawn.print(line);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#redrawn[Symbol.dispose]();
  }
}

/** Throws unless standard output can be redrawn. @throws {UsageError} that names the flag to leave out or to write. */
export function requireTerminal(advice: string): void {
  if (hasCodes(Deno.stdout)) return;
  const why = Deno.stdout.isTerminal()
    ? "this terminal has no cursor codes (TERM=dumb)"
    : "standard output is not a terminal";
  throw new UsageError(`Cannot watch: ${why}; ${advice}`);
}

/** Columns of a line besides its two bars. */
const NUMBERS_WIDTH = 30;
const NARROWEST_BAR = 4;
const WIDEST_BAR = 40;

/** The view as lines: the totals, and a line for each child. */
export function viewLines(
  { connections, cpu, parentCpu, children }: LiveCounts,
  rate: number,
  columns: number,
  counted = "clients",
): string[] {
  const room = Math.floor((columns - NUMBERS_WIDTH) / 2);
  const width = Math.max(NARROWEST_BAR, Math.min(room, WIDEST_BAR));
  const busiest = Math.max(1, ...children.map((child) => child.connections));
  const mostCpu = Math.max(1e-9, ...children.map((child) => child.cpu));
  const parent = parentCpu === null ? "" : `, ${parentCpu.toFixed(3)} of it the parent's`;
  return [
    `${connections} ${counted}, ${rate.toFixed(0)} a second now; ${cpu.toFixed(3)} s CPU${parent}`,
    "",
    `child  now ${counted.padStart(8)} ${" ".repeat(width)}    CPU s`,
    ...children.map((child) =>
      [
        String(child.index).padStart(5),
        (child.open > 0 ? String(child.open) : "·").padStart(4),
        String(child.connections).padStart(8),
        bar(child.connections / busiest, width),
        child.cpu.toFixed(3).padStart(8),
        bar(child.cpu / mostCpu, width),
      ].join(" ").trimEnd()
    ),
  ];
}
