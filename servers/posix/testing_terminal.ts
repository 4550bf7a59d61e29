/**
 * Pseudo-terminals (pty(7)), for programs that behave differently on a terminal.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked } from "./errors.ts";
import { fork } from "./fork.ts";
import { cString, fromCString, libc } from "./libc.ts";
import { startSession } from "./processes.ts";
import { exec } from "./programs.ts";
import { testLibc } from "./testing.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const NAME_BYTES = 64;

/** A program on a terminal of its own. */
export interface OnTerminal {
  readonly pid: number;
  /**
   * The user's side: writing to it is typing, reading from it gives the program's output. Reading fails
   * with EIO once every process on the terminal has terminated.
   */
  readonly user: number;
}

/** Starts a program with a new pseudo-terminal as standard input, output, error and controlling terminal. */
export function startOnTerminal(path: string, args: readonly string[]): OnTerminal {
  const action = "open a pseudo-terminal";
  const flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  const user = checked(testLibc.posix_openpt(flags), "posix_openpt", action);
  checked(testLibc.unlockpt(user), "unlockpt", action);
  const name = new Uint8Array(NAME_BYTES);
  testLibc.ptsname_r(user, name, BigInt(NAME_BYTES));
  const program = fromCString(Deno.UnsafePointer.of(name));
  const pid = fork(() => {
    startSession();
    // The first terminal that a session leader opens becomes its controlling terminal.
    const terminal = checked(libc.open(cString(program), O_RDWR | O_CLOEXEC, 0), "open", action);
    exec(path, args, [terminal, terminal, terminal], 0);
  });
  return { pid, user };
}
