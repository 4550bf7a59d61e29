/**
 * Pseudo-terminals (pty(7)): a program on one of them believes that a user sits there.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { fork } from "./fork.ts";
import { cString, fromCString, libc } from "./libc.ts";
import { exec, startSession } from "./processes.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const NAME_BYTES = 64;

/** A program on a terminal of its own. */
export interface OnTerminal {
  readonly pid: number;
  /**
   * The user's side: what is written here is typed, what is read has been printed. Once the program and all
   * that share its terminal have ended, reading fails with EIO.
   */
  readonly user: number;
}

/** Starts a program with a new pseudo-terminal as its standard input, output, error and controlling terminal. */
export function startOnTerminal(path: string, args: readonly string[]): OnTerminal {
  const action = "open a pseudo-terminal";
  const user = checked(libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt", action);
  checked(libc.unlockpt(user), "unlockpt", action);
  const name = new Uint8Array(NAME_BYTES);
  libc.ptsname_r(user, name, BigInt(NAME_BYTES));
  const program = fromCString(Deno.UnsafePointer.of(name));
  const pid = fork(() => {
    startSession();
    // The first terminal that the leader of a session opens becomes its controlling terminal.
    const terminal = checked(libc.open(cString(program), O_RDWR | O_CLOEXEC, 0), "open", action);
    exec(path, args, [terminal, terminal, terminal], 0);
  });
  return { pid, user };
}
