/**
 * The live view of a server: clients and CPU per child as they change, redrawn in place.
 *
 * @module
 */
import type { Look } from "../host/account.ts";
import { bar } from "./bar.ts";
import { Redrawn, type Terminal, terminalOf } from "./redraw.ts";

/** How often it looks, in milliseconds: often enough to see them run, and seldom enough to read. */
const STEP_MS = 250;

/** A view of a server on standard output. Dispose of it: what is printed next stands below. */
export class LiveView implements Disposable {
  readonly #redrawn: Redrawn;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(terminal: Terminal = terminalOf(Deno.stdout)) {
    this.#redrawn = new Redrawn(terminal);
  }

  /** Shows what `look` sees, from now on. */
  show(look: () => Look): void {
    let before = { connections: look().connections, at: performance.now() };
    const step = () => {
      const seen = look();
      const now = { connections: seen.connections, at: performance.now() };
      const seconds = Math.max(now.at - before.at, 1) / 1000;
      const rate = (now.connections - before.connections) / seconds;
      before = now;
      this.#redrawn.draw(herd(seen, rate, this.#redrawn.columns));
    };
    this.#timer = setInterval(step, STEP_MS);
    step();
  }

  /** Prints a line that stays, above the view. */
  print(line: string): void {
    this.#redrawn.print(line);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#redrawn[Symbol.dispose]();
  }
}

/** What a line has besides its two bars. */
const FIGURES_WIDTH = 30;
const NARROWEST_BAR = 4;
const WIDEST_BAR = 40;

/** The view as lines: what all have done, and a line a child. */
export function herd(
  { connections, cpu, parentCpu, children }: Look,
  rate: number,
  columns: number,
): string[] {
  const room = Math.floor((columns - FIGURES_WIDTH) / 2);
  const width = Math.max(NARROWEST_BAR, Math.min(room, WIDEST_BAR));
  const busiest = Math.max(1, ...children.map((child) => child.connections));
  const dearest = Math.max(1e-9, ...children.map((child) => child.cpu));
  const parent = parentCpu === null ? "" : `, ${parentCpu.toFixed(3)} of it the parent's`;
  return [
    `${connections} clients, ${rate.toFixed(0)} a second now; ${cpu.toFixed(3)} s CPU${parent}`,
    "",
    `child  now  clients ${" ".repeat(width)}    CPU s`,
    ...children.map((child) =>
      [
        String(child.index).padStart(5),
        (child.open > 0 ? String(child.open) : "·").padStart(4),
        String(child.connections).padStart(8),
        bar(child.connections / busiest, width),
        child.cpu.toFixed(3).padStart(8),
        bar(child.cpu / dearest, width),
      ].join(" ").trimEnd()
    ),
  ];
}
