/**
 * What the tests of commands share that have to do with channels: tasks, as a user runs them.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };
import { linesOf } from "../../host/lines.ts";
import { freePort } from "../../testing/client.ts";
import { inTime } from "../../testing/process.ts";
import { uniqueName } from "./testing.ts";

/** The longest a test waits for a task. */
const PATIENCE_SECONDS = 30;

/** How a task is run. */
export interface TaskOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A program, and its arguments, that is given the command line to run. */
  readonly via?: readonly string[];
}

/** A task that serves, as `deno task` starts it. It does not outlive the block that uses it. */
export class ServingTask implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #stderr: Promise<string>;
  /** What it printed first; nothing where it ended instead. */
  ready = "";

  private constructor(task: keyof typeof config.tasks, args: readonly string[], how: TaskOptions) {
    this.#process = taskCommand(task, args, how).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#stderr = this.#process.stderr.text();
  }

  /** Starts it and waits until it is ready. */
  static async start(
    task: keyof typeof config.tasks,
    args: readonly string[],
    how: TaskOptions = {},
  ): Promise<ServingTask> {
    const running = new ServingTask(task, args, how);
    running.ready = (await inTime(task, running.#lines.next(), PATIENCE_SECONDS)).value ?? "";
    return running;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Sends a signal and waits for its end. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; stderr: string }> {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended.
    }
    const { code } = await inTime("the end of a task", this.#process.status, PATIENCE_SECONDS);
    return { code, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    await this.#lines.return(undefined);
  }
}

/** Runs a task to its end. */
export async function runTask(task: keyof typeof config.tasks, ...args: string[]) {
  const { code, stdout, stderr } = await taskCommand(task, args, {}).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function taskCommand(
  task: keyof typeof config.tasks,
  args: readonly string[],
  { env = {}, via = [] }: TaskOptions,
): Deno.Command {
  const [, ...flags] = config.tasks[task].command.replaceAll("$INIT_CWD", "/tmp").split(" ");
  const [program, ...rest] = [...via, Deno.execPath(), ...flags, ...args];
  return new Deno.Command(program!, {
    args: rest,
    cwd: new URL("../../..", import.meta.url),
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

export const KEY = "correct horse battery staple";

/** Starts a gateway. */
export async function startGateway(
  args: readonly string[],
  { key = KEY, via = [] }: { key?: string; via?: readonly string[] } = {},
): Promise<ServingTask & { port: number }> {
  const env = { HERD_CHANNEL_KEY: key };
  const task = await ServingTask.start("channel-gateway", ["--json", ...args], { env, via });
  return Object.assign(task, { port: task.ready && JSON.parse(task.ready).port });
}

/** A gateway that leads back to this node, which has the name that is the result. */
export async function mirror(): Promise<{ node: string; gateway: ServingTask & { port: number } }> {
  const [node, port] = [uniqueName(), freePort()];
  return { node, gateway: await startGateway(["--port", `${port}`, `${node}=127.0.0.1:${port}`]) };
}
