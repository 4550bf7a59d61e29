/**
 * Progress of a run on standard error: a bar on a terminal that has cursor codes, else one line for each trial.
 *
 * @module
 */
import { Redrawn, type Terminal, terminalOf } from "./redraw.ts";
import { hasCodes } from "./terminal.ts";
import { passiveOpens } from "../machine/counters.ts";
import { BASELINE, nameOf } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import { red } from "jsr:@std/fmt@^1.0.0/colors";
import type { Observer } from "../run/run.ts";
import type { Planned } from "../run/trial.ts";

/** An observer with resources to release. */
export type Progress = Observer & Disposable;

/** Progress as text of a plan with these pending trials. */
export function textProgress(plan: Plan, pending: readonly Planned[]): Progress {
  return hasCodes(Deno.stderr) ? new Bar(plan, pending, terminalOf(Deno.stderr)) : new Lines(plan);
}

/** One line for each trial. */
class Lines implements Progress {
  readonly #plan: Plan;
  readonly #head: (trial: Planned) => string;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#head = headOf(plan);
  }

  started(): void {}

  noted(text: string): void {
    console.error(text);
  }

  ended(trial: Trial): void {
    console.error(`${this.#head(trial)}${outcome(trial)}`);
  }

  leftOut(trials: readonly Planned[]): void {
    console.error(leftOutText(this.#plan, trials));
  }

  [Symbol.dispose](): void {}
}

/**
 * Milliseconds between updates of the bar. An update costs some 0.2 ms of CPU, which is not counted as the
 * server's or the clients' but keeps a processor from them.
 */
const STEP_MS = 500;

/** Characters of the bar. */
const BAR_WIDTH = 20;

/** The clock and counter that a bar reads. */
export interface Instruments {
  /** The time in milliseconds, as performance.now(). */
  readonly now: () => number;
  /** Connections the kernel has accepted so far; null if it cannot be read. */
  readonly connections: () => number | null;
}

const REAL: Instruments = { now: () => performance.now(), connections: passiveOpens };

/** The connections accepted until some time. */
interface Count {
  readonly at: number;
  readonly connections: number | null;
}

/** The running trial. */
interface Current {
  readonly planned: Planned;
  readonly since: number;
}

/** A progress bar: the current trial, its connections per second, time left, the last result. */
export class Bar implements Progress {
  readonly #head: (trial: Planned) => string;
  readonly #plan: Plan;
  readonly #redrawn: Redrawn;
  readonly #instruments: Instruments;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #durations = new Map<string, number[]>();
  readonly #begun: number;
  #pending: readonly Planned[];
  #total: number;
  #current: Current | undefined;
  #counted: Count;
  #rate = "";
  #last = "";

  constructor(
    plan: Plan,
    pending: readonly Planned[],
    terminal: Terminal,
    instruments: Instruments = REAL,
  ) {
    this.#head = headOf(plan);
    this.#plan = plan;
    this.#pending = pending;
    this.#total = plan.trials.length;
    this.#redrawn = new Redrawn(terminal);
    this.#instruments = instruments;
    this.#counted = this.#count();
    this.#begun = this.#counted.at;
    this.#timer = setInterval(() => this.step(), STEP_MS);
  }

  started(planned: Planned): void {
    this.#counted = this.#count();
    this.#rate = "";
    this.#current = { planned, since: this.#counted.at };
    this.step();
  }

  noted(text: string): void {
    this.#redrawn.print(text);
    this.step();
  }

  ended(trial: Trial): void {
    const { planned, since } = this.#current!;
    const seconds = (this.#instruments.now() - since) / 1000;
    const key = workOf(planned);
    this.#durations.set(key, [...this.#durations.get(key) ?? [], seconds]);
    this.#pending = this.#pending.filter((other) => other !== planned);
    this.#current = undefined;
    const [head, end] = [this.#head(trial), outcome(trial)];
    if (trial.status === "ok") this.#last = `${head}${end}`;
    else this.#redrawn.print(`${head}${red(end)}`);
    this.step();
  }

  leftOut(trials: readonly Planned[]): void {
    this.#pending = this.#pending.filter((planned) => !trials.includes(planned));
    this.#total -= trials.length;
    this.noted(leftOutText(this.#plan, trials));
  }

  /** Draws the current state. */
  step(): void {
    const { limits: { budget } } = this.#plan;
    const done = this.#total - this.#pending.length;
    const share = budget > 0 ? this.#elapsed() / budget : done / Math.max(1, this.#total);
    const filled = Math.round(BAR_WIDTH * Math.min(1, share));
    const parts = [
      "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled) +
      (budget > 0 ? "" : ` ${done}/${this.#total}`),
      ...(this.#current ? [this.#head(this.#current.planned).trim(), this.#rateNow()] : []),
      this.#left(),
    ];
    const lines = [parts.filter((part) => part !== "").join("  ")];
    if (this.#last !== "") lines.push(`last: ${this.#last}`);
    this.#redrawn.draw(lines);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#redrawn[Symbol.dispose]();
  }

  #count(): Count {
    const { now, connections } = this.#instruments;
    return { at: now(), connections: connections() };
  }

  /** Connections per second on this machine since the last update. */
  #rateNow(): string {
    const [before, now] = [this.#counted, this.#count()];
    const seconds = (now.at - before.at) / 1000;
    if (seconds < STEP_MS / 2000) return this.#rate;
    this.#counted = now;
    const known = now.connections !== null && before.connections !== null;
    const rate = known ? (now.connections - before.connections) / seconds : null;
    return this.#rate = rate === null || rate < 1 ? "" : `${rate.toFixed(0)} connections/s now`;
  }

  /** Seconds since the start. */
  #elapsed(): number {
    return (this.#instruments.now() - this.#begun) / 1000;
  }

  /** An estimate from earlier trials of the same work, or else of all; within a budget at most what is left of it. */
  #left(): string {
    if (this.#durations.size === 0) return "";
    const usual = mean([...this.#durations.values()].flat());
    const expected = (planned: Planned) => {
      const durations = this.#durations.get(workOf(planned));
      return durations ? mean(durations) : usual;
    };
    const { planned, since } = this.#current ?? {};
    const later = this.#pending.filter((other) => other !== planned)
      .reduce((sum, planned) => sum + expected(planned), 0);
    const current = planned
      ? Math.max(0, expected(planned) - (this.#instruments.now() - since!) / 1000)
      : 0;
    const { limits: { budget } } = this.#plan;
    const most = budget > 0 ? budget - this.#elapsed() : Infinity;
    const seconds = Math.min(later + current, Math.max(0, most));
    return seconds < 1 ? "" : `about ${clock(seconds)} left`;
  }
}

/** Trials with the same key take about the same time. */
function workOf({ design, load, poolSize }: Planned): string {
  return JSON.stringify([design, load, poolSize]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Formats minutes and seconds. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function headOf({ rounds, trials, sweep, limits }: Plan): (trial: Planned | Trial) => string {
  const width = trials.reduce((most, trial) => Math.max(most, nameOf(trial, sweep).length), 0);
  const digits = String(rounds).length;
  // Within a budget nobody knows how many there will be.
  const of = limits.budget > 0 ? "" : `/${rounds}`;
  return (trial) =>
    `round ${String(trial.round).padStart(digits)}${of}  ` +
    `${nameOf(trial, sweep).padEnd(width)}  `;
}

/** Which designs run no more; at the end of the budget, that it is spent. */
function leftOutText({ sweep, limits }: Plan, trials: readonly Planned[]): string {
  const names = new Set(trials.map((planned) => nameOf(planned, sweep)));
  return names.has(BASELINE)
    ? `The budget of ${limits.budget} s is spent: no more rounds fit into it`
    : `No more rounds of ${[...names].join(", ")}: too slow for the budget of ${limits.budget} s`;
}

function outcome({ status, reason, cpu, client }: Trial): string {
  if (status !== "ok") return `${status === "dnf" ? "DNF" : status}: ${reason}`;
  return `${cpu!.total.toFixed(3).padStart(8)} s CPU ${
    client!.connectionsPerSecond.toFixed(0).padStart(7)
  } connections/s`;
}
