/**
 * Files of /proc and /sys, which Deno's own functions read only with --allow-all.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { cString, libc } from "./libc.ts";

/** Reads a text file such as /proc/self/maps. @throws {SystemError} such as ENOENT. */
export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

/** Reads a file whole. @throws {SystemError} such as ENOENT. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  const fd = checked(libc.open(cString(path), O_CLOEXEC, 0), "open", `read ${path}`);
  try {
    let bytes = new Uint8Array(16384);
    for (let used = 0;;) {
      if (used === bytes.length) {
        const larger = new Uint8Array(2 * used);
        larger.set(bytes);
        bytes = larger;
      }
      const count = libc.read(fd, bytes.subarray(used), bytes.length - used);
      if (count === 0) return bytes.subarray(0, used);
      if (count < 0) retryOrThrow("read", `read ${path}`);
      else used += count;
    }
  } finally {
    libc.close(fd);
  }
}

/** Like `readText`; undefined if the file cannot be read. */
export function tryReadText(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined;
  }
}

/** Writes text to an existing file, such as one of a cgroup. @throws {SystemError} such as EACCES. */
export function writeText(path: string, text: string): void {
  const O_WRONLY = 1;
  const fd = checked(libc.open(cString(path), O_WRONLY | O_CLOEXEC, 0), "open", `write ${path}`);
  try {
    const bytes = new TextEncoder().encode(text);
    checked(libc.write(fd, bytes, bytes.length), "write", `write ${path}`);
  } finally {
    libc.close(fd);
  }
}

const SYS_getdents64 = { x86_64: 217, aarch64: 61 }[Deno.build.arch];

/** The names in a folder such as /proc, without `.` and `..` (getdents64(2)). @throws {SystemError} such as ENOENT. */
export function namesIn(folder: string): string[] {
  const action = `list ${folder}`;
  const fd = checked(libc.open(cString(folder), O_CLOEXEC, 0), "open", action);
  try {
    const names: string[] = [];
    const bytes = new Uint8Array(32768);
    const view = new DataView(bytes.buffer);
    for (;;) {
      const size = libc.getdents64(SYS_getdents64, fd, bytes, bytes.length);
      if (checked(size, "getdents64", action) === 0) break;
      // struct linux_dirent64: inode, offset, u16 length of the entry, u8 type, name, NUL.
      for (let at = 0; at < size; at += view.getUint16(at + 16, true)) {
        names.push(new TextDecoder().decode(bytes.subarray(at + 19, bytes.indexOf(0, at + 19))));
      }
    }
    return names.filter((name) => name !== "." && name !== "..");
  } finally {
    libc.close(fd);
  }
}

/** An open descriptor of a process. */
export interface Descriptor {
  readonly descriptor: number;
  /** The open file, such as `socket:[4242]`, `pipe:[4243]` or a path (proc_pid_fd(5)). */
  readonly target: string;
}

/** The open descriptors of a process, by number; none if it has terminated or belongs to another user. */
export function descriptorsOf(pid: number): Descriptor[] {
  return numbersIn(`/proc/${pid}/fd`).toSorted((a, b) => a - b).flatMap((descriptor) => {
    const target = readLink(`/proc/${pid}/fd/${descriptor}`);
    return target === undefined ? [] : [{ descriptor, target }];
  });
}

/** The threads of a process; none if it has ended. */
export function threadsOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/task`);
}

function numbersIn(folder: string): number[] {
  try {
    return namesIn(folder).map(Number);
  } catch {
    return [];
  }
}

const TARGET = new Uint8Array(4096);

/** Where a symbolic link points to; undefined if there is none (readlink(2)). */
export function readLink(path: string): string | undefined {
  const length = libc.readlink(cString(path), TARGET, TARGET.length);
  return length < 0 ? undefined : new TextDecoder().decode(TARGET.subarray(0, length));
}

/** Status of a file. */
export interface FileStatus {
  readonly isSocket: boolean;
  readonly uid: number;
  /** Inode number. */
  readonly inode: bigint;
  /** In bytes; of /proc/PID/fd: the number of descriptors, from Linux 6.2 on, and 0 before. */
  readonly size: number;
}

/** The status of a file, without following links (statx(2)); undefined if it does not exist. */
export function fileStatus(path: string): FileStatus | undefined {
  const AT_FDCWD = -100;
  const AT_SYMLINK_NOFOLLOW = 0x100;
  const STATX_BASIC_STATS = 0x7ff;
  const [S_IFMT, S_IFSOCK] = [0o170000, 0o140000];
  const bytes = new Uint8Array(256); // struct statx, the same on every architecture
  const mask = STATX_BASIC_STATS;
  if (libc.statx(AT_FDCWD, cString(path), AT_SYMLINK_NOFOLLOW, mask, bytes) < 0) {
    const number = errno();
    if (number === Errno.ENOENT) return undefined;
    throw new SystemError("statx", `read the status of ${path}`, number);
  }
  const view = new DataView(bytes.buffer);
  return {
    uid: view.getUint32(20, true),
    size: Number(view.getBigUint64(40, true)),
    isSocket: (view.getUint16(28, true) & S_IFMT) === S_IFSOCK,
    inode: view.getBigUint64(32, true),
  };
}

/** The size of an open file in bytes (lseek(2)); its position is of no consequence where it is appended to. */
export function sizeOf(descriptor: number): number {
  const SEEK_END = 2;
  return Number(libc.lseek(descriptor, 0n, SEEK_END));
}

/**
 * The type of the file system that an open file lies on, such as ext4 or tmpfs (proc_pid_mountinfo(5)); `memfd` for a
 * file in memory, and other files that are on no mounted file system; null if /proc does not say.
 */
export function fileSystemOf(descriptor: number): string | null {
  const mount = tryReadText(`/proc/self/fdinfo/${descriptor}`)?.match(/^mnt_id:\s*(\d+)$/m)?.[1];
  const mounts = tryReadText("/proc/self/mountinfo");
  if (mount === undefined || mounts === undefined) return null;
  return mounts.match(new RegExp(`^${mount} .* - (\\S+) `, "m"))?.[1] ?? "memfd";
}

/** Reads a table such as /proc/net/tcp: lines of fields separated by spaces. */
export function readTable(path: string): string[][] {
  return readText(path).split("\n").map((line) => line.trim().split(/ +/));
}

/** Removes a file name (unlink(2)). @throws {SystemError} such as ENOENT. */
export function unlink(path: string): void {
  checked(libc.unlink(cString(path)), "unlink", `remove ${path}`);
}

/** The children forked by a process's main thread, including zombies. */
export function childrenOf(pid: number): number[] {
  const list = tryReadText(`/proc/${pid}/task/${pid}/children`)?.trim();
  return list ? list.split(" ").map(Number) : [];
}

/** The children of a process, their children, and so on, as `childrenOf`. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Whether a process has terminated; zombies have. */
export function hasExited(pid: number): boolean {
  return !/\) [^ZX]/.test(tryReadText(`/proc/${pid}/stat`) ?? "");
}

/** Whether a process is stopped by a signal. */
export function isStopped(pid: number): boolean {
  return statFields(pid)[0] === "T";
}

/** Context switches so far of the thread (or main thread of the process) with that /proc folder. */
export function contextSwitches(folder: string): { voluntary: number; involuntary: number } {
  const status = tryReadText(`${folder}/status`) ?? "";
  const field = (name: string) =>
    Number(status.match(`\n${name}_ctxt_switches:\\s+(\\d+)`)?.[1] ?? 0);
  return { voluntary: field("voluntary"), involuntary: field("nonvoluntary") };
}

/**
 * Proportional set size of a process in bytes: its memory, with each shared page divided by the number of
 * processes that share it (Pss in proc_pid_smaps(5)); null if it cannot be read.
 */
export function proportionalMemory(pid: number): number | null {
  const kilobytes = tryReadText(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB/m)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** CPU seconds of a process's main thread, from /proc/PID/schedstat; 0 if the kernel has none. */
export function schedstatSeconds(pid: number): number {
  return Number(tryReadText(`/proc/${pid}/schedstat`)?.split(" ")[0] ?? 0) / 1e9;
}

/** User and system time of a process, in clock ticks of 10 ms. */
export function cpuTicks(pid: number): { user: number; system: number } {
  const fields = statFields(pid);
  return { user: Number(fields[11] ?? 0), system: Number(fields[12] ?? 0) };
}

/** The same of the children that a process has reaped. */
export function reapedTicks(pid: number): { user: number; system: number } {
  const fields = statFields(pid);
  return { user: Number(fields[13] ?? 0), system: Number(fields[14] ?? 0) };
}

/** Clock ticks in a second: USER_HZ, on every architecture. */
export const TICKS_PER_SECOND = 100;

/** CPU seconds of the children that a process has reaped, in steps of 10 ms. */
export function reapedCpuSeconds(pid: number): number {
  const { user, system } = reapedTicks(pid);
  return (user + system) / TICKS_PER_SECOND;
}

/** The fields of proc_pid_stat(5), from the third one, the state. */
function statFields(pid: number): string[] {
  const stat = tryReadText(`/proc/${pid}/stat`) ?? "";
  // The command name, in parentheses, may contain any character: fields start after the last one.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The C library's name and version. */
export function libcVersion(): string {
  return `glibc ${Deno.UnsafePointerView.getCString(libc.gnu_get_libc_version()!)}`;
}
