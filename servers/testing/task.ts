/**
 * Commands of Herd as a user runs them: each as its task in deno.json runs it, with the same permissions.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { type Outcome, RunningProcess } from "./process.ts";
import { OnTerminal } from "./terminal.ts";

/** A task that is a command of Herd. */
export type Task = Exclude<
  keyof typeof config.tasks,
  "pack" | "test" | "test:long" | "check" | "ok"
>;

/** The arguments with which `deno task` calls Deno, whose wrapper would not pass signals on. */
export function taskArguments(task: Task): string[] {
  return config.tasks[task].command.split(" ").slice(1);
}

/** The command line of a task. */
export function commandLineOf(task: Task, args: readonly string[]): string[] {
  return [Deno.execPath(), ...taskArguments(task), ...args];
}

/** How a command is started. */
export interface TaskStart {
  readonly env?: Readonly<Record<string, string>>;
  /** A program, and its arguments, that is given the command line to run. */
  readonly via?: readonly string[];
}

/** A command, running. */
export class RunningTask extends RunningProcess {
  constructor(task: Task, args: readonly string[], { env = {}, via = [] }: TaskStart = {}) {
    super([...via, ...commandLineOf(task, args)], { env });
  }
}

/** Runs a task to its end. */
export async function runTask(task: Task, ...args: string[]): Promise<Outcome> {
  await using running = new RunningTask(task, args);
  return await running.ended();
}

/** Runs a task to its end on a terminal; what it printed there, and its exit code. */
export async function runOnTerminal(
  task: Task,
  ...args: string[]
): Promise<{ code: number | undefined; text: string }> {
  await using terminal = new OnTerminal(commandLineOf(task, args));
  const code = await terminal.ended();
  return { code, text: terminal.text };
}
