/**
 * Pseudo-terminals (pty(7)) for tests: a program on one of them finds a user there.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { cString, libc } from "./libc.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

/** Both sides of a terminal, as descriptors. */
export interface Terminal {
  /** What is written here is typed, what is read here has been printed. */
  readonly user: number;
  /** What a program has as its standard input, output and error. */
  readonly program: number;
}

/** Opens a new terminal of that size. */
export function openTerminal(columns: number, rows: number): Terminal {
  const doing = "open a pseudo-terminal";
  const open = (path: string) =>
    checked(libc.open(cString(path), O_RDWR | O_NOCTTY | O_CLOEXEC, 0), "open", doing);
  const control = (request: number, argument: Uint8Array<ArrayBuffer>) =>
    checked(libc.ioctl(user, request, argument), "ioctl", doing);
  const user = open("/dev/ptmx");
  const number = new Int32Array(1);
  control(TIOCSPTLCK, new Uint8Array(4)); // 0: unlocked
  control(TIOCGPTN, new Uint8Array(number.buffer));
  control(TIOCSWINSZ, new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer));
  return { user, program: open(`/dev/pts/${number[0]}`) };
}
