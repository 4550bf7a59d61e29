/**
 * What the tests of commands share that have to do with channels: tasks, as a user runs them.
 *
 * @module
 */
import { freePort } from "../../testing/client.ts";
import { RunningTask, type Task, type TaskStart } from "../../testing/task.ts";
import { uniqueName } from "./testing.ts";

/** A task that serves. */
export class ServingTask extends RunningTask {
  /** What it printed first; nothing where it ended instead. */
  ready = "";

  /** Starts it and waits until it is ready. */
  static async start(
    task: Task,
    args: readonly string[],
    how: TaskStart = {},
  ): Promise<ServingTask> {
    const running = new ServingTask(task, args, how);
    running.ready = await running.nextLine() ?? "";
    return running;
  }

  /** Sends a signal and waits for its end. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; stderr: string }> {
    this.signal(signal);
    const { code, stderr } = await this.ended();
    return { code, stderr };
  }
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
