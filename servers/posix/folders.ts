/**
 * Temporary folders and the files in them.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked, Errno, errno, SystemError } from "./errors.ts";
import { namesIn } from "./files.ts";
import { write } from "./io.ts";
import { cString, fromCString, libc } from "./libc.ts";

const [O_WRONLY, O_CREAT, O_EXCL, O_APPEND] = [1, 0o100, 0o200, 0o2000];

/** The folders in which this process looks for programs: those of PATH (environ(7)). */
export function programFolders(): string[] {
  return fromCString(libc.getenv(cString("PATH"))).split(":").filter(Boolean);
}

/** Whether a path is a file that this process may execute (access(2)). */
export function isExecutable(path: string): boolean {
  const X_OK = 1;
  // A folder may be executable, but has a name with a slash at its end.
  return libc.access(cString(path), X_OK) === 0 && libc.access(cString(`${path}/`), X_OK) !== 0;
}

/** The folder for temporary files: TMPDIR (environ(7)), or else /tmp. */
export function temporaryFolder(): string {
  return fromCString(libc.getenv(cString("TMPDIR"))) || "/tmp";
}

/** Makes a folder (mkdir(2)); `mode` is not narrowed by the umask. @throws {SystemError} such as EEXIST. */
export function makeFolder(path: string, mode: number): void {
  checked(libc.mkdir(cString(path), mode), "mkdir", `make the folder ${path}`);
  checked(libc.chmod(cString(path), mode), "chmod", `set the mode of ${path}`);
}

/** Writes a new file that everybody may read. @throws {SystemError} such as EEXIST. */
export function writeNewFile(path: string, bytes: Uint8Array<ArrayBuffer>): void {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  const fd = checked(libc.open(cString(path), flags, 0o644), "open", `write ${path}`);
  try {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      at += write(fd, rest, rest.length);
    }
  } finally {
    libc.close(fd);
  }
}

/** Opens a file to append to, and makes it if there is none. @throws {SystemError} such as ENOENT. */
export function openToAppend(path: string): number {
  const O_RDWR = 2;
  const flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;
  return checked(libc.open(cString(path), flags, 0o644), "open", `write ${path}`);
}

/** Opens /dev/null for reading. */
export function openNothing(): number {
  return checked(libc.open(cString("/dev/null"), O_CLOEXEC, 0), "open", "read /dev/null");
}

/** Cuts an open file to that length (ftruncate(2)). */
export function truncate(fd: number, bytes: number): void {
  checked(libc.ftruncate(fd, BigInt(bytes)), "ftruncate", `cut a file to ${bytes} bytes`);
}

/** Removes a folder with all in it, or a file; what is not there is no error. @throws {SystemError} such as EACCES. */
export function removeAll(path: string): void {
  const name = cString(path);
  if (libc.unlink(name) === 0) return;
  const number = errno();
  if (number === Errno.ENOENT) return;
  if (number !== EISDIR) throw new SystemError("unlink", `remove ${path}`, number);
  for (const entry of namesIn(path)) removeAll(`${path}/${entry}`);
  checked(libc.rmdir(name), "rmdir", `remove the folder ${path}`);
}

const EISDIR = 21;

/** Makes a folder the working directory (chdir(2)). @throws {SystemError} such as ENOENT. */
export function changeFolder(path: string): void {
  checked(libc.chdir(cString(path)), "chdir", `work in ${path}`);
}

/** Sets a variable of the environment of this process, for the programs that it executes (setenv(3)). */
export function setEnvironment(name: string, value: string): void {
  const action = `set the variable ${name}`;
  checked(libc.setenv(cString(name), cString(value), 1), "setenv", action);
}
