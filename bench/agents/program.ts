/**
 * Starts a program of Herd as a process of this machine.
 *
 * @module
 */
import { programArguments } from "../../servers/children/v8_flags.ts";
import { linesOf } from "../../servers/host/lines.ts";
import { kill } from "../../servers/posix/processes.ts";
import { keepEndedChildren, Signal } from "../../servers/posix/signals.ts";

/** A running program, here or on another machine. */
export interface Program {
  /** Its processes on this machine. */
  readonly pids: readonly number[];
  /** The lines of its output. */
  readonly lines: AsyncIterable<string>;
  readonly stderr: Promise<string>;
  /** Resolves when it has ended, and with it everything that it started. */
  readonly ended: Promise<Pick<Deno.CommandStatus, "success" | "code" | "signal">>;
  /** Writes a line of JSON to its input. Rejects if it has ended. */
  write(line: object): Promise<void>;
  /** Sends a signal, unless it has ended already. */
  signal(signal: Deno.Signal): void;
  /** Frees its input, once it has ended. */
  close(): Promise<void>;
}

/**
 * The arguments of Deno that run a program, which is a file of the checkout. It may read every file, since a
 * list of folders cannot have one with a comma.
 */
export function denoArguments(program: string): string[] {
  return programArguments(new URL(`../../${program}`, import.meta.url).href, "--allow-read");
}

/** A line for a program. */
export function encodeLine(line: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(line) + "\n");
}

/** Starts a program by the path of its file in the checkout. */
export function startProgram(path: string): Program {
  keepEndedChildren();
  const child = new Deno.Command(Deno.execPath(), {
    args: denoArguments(path),
    env: { NO_COLOR: "1" }, // its standard error is quoted
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  return {
    pids: [child.pid],
    lines: linesOf(child.stdout),
    stderr: child.stderr.text(),
    ended: child.status.then((status) => {
      // A child that was stopped as soon as it was forked outlives it, and keeps its output open. All that it
      // started is in its process group, which is there for as long as one of them.
      kill(-child.pid, Signal.KILL);
      return status;
    }),
    write: (line) => input.write(encodeLine(line)),
    signal: (signal) => signalChild(child, signal),
    close: () => input.abort().catch(() => {}),
  };
}

/** Sends a signal to a child, unless it has ended already. */
export function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
