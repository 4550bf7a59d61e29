/**
 * What the tests of commands share that have to do with channels: tasks, as a user runs them.
 *
 * @module
 */
import { ROOT } from "../../testing/process.ts";
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

/** Stands for ssh: runs the agent's command, its last argument, on this machine. */
export const NO_SSH = `sh -c 'for last; do :; done; sh -c "$last"; exit' sh`;

/** The command that starts an agent of this checkout. */
export const AGENT =
  `exec '${Deno.execPath()}' run --no-prompt --allow-ffi '${ROOT}servers/ipc/channel/agent.ts'`;

/** Starts a gateway. */
export function startGateway(
  nodes: readonly string[],
  { ssh = NO_SSH, agent = AGENT, via = [] }: {
    ssh?: string;
    agent?: string;
    via?: readonly string[];
  } = {},
): Promise<ServingTask> {
  const args = ["--json", "--ssh", ssh, "--agent-command", agent, ...nodes];
  return ServingTask.start("channel-gateway", args, { via });
}

/** A gateway that leads back to this node, which has the name that is the result. */
export async function mirror(): Promise<{ node: string; gateway: ServingTask }> {
  const node = uniqueName();
  return { node, gateway: await startGateway([`${node}=here`]) };
}
