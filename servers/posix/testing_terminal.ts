/**
 * Pseudo-terminals (pty(7)), for programs that behave differently on a terminal.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked } from "./errors.ts";
import { cString, libc } from "./libc.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

/** Both sides of a terminal, as descriptors. */
export interface Terminal {
  /** The user's side: writing is typing, reading gives the program's output. */
  readonly user: number;
  /** The program's standard input, output and error. */
  readonly program: number;
}

/** Opens a new terminal of the given size. */
export function openTerminal(columns: number, rows: number): Terminal {
  const action = "open a pseudo-terminal";
  const open = (path: string) =>
    checked(libc.open(cString(path), O_RDWR | O_NOCTTY | O_CLOEXEC, 0), "open", action);
  const control = (request: number, argument: Uint8Array<ArrayBuffer>) =>
    checked(libc.ioctl(user, request, argument), "ioctl", action);
  const user = open("/dev/ptmx");
  const number = new Int32Array(1);
  control(TIOCSPTLCK, new Uint8Array(4)); // 0: unlocked
  control(TIOCGPTN, new Uint8Array(number.buffer));
  control(TIOCSWINSZ, new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer));
  return { user, program: open(`/dev/pts/${number[0]}`) };
}
