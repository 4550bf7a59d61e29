/**
 * Reads of /proc and /sys, which Deno's own file functions refuse without every permission.
 *
 * @module
 */
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { cString, libc } from "./libc.ts";

const O_CLOEXEC = 0o2000000;

/** The text of a file such as /proc/self/maps. @throws {SystemError} such as ENOENT. */
export function readText(path: string): string {
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
      if (count === 0) return new TextDecoder().decode(bytes.subarray(0, used));
      if (count < 0) retryOrThrow("read", `read ${path}`);
      else used += count;
    }
  } finally {
    libc.close(fd);
  }
}

/** As `readText`, but undefined where the file cannot be read. */
export function tryReadText(path: string): string | undefined {
  try {
    return readText(path);
  } catch {
    return undefined;
  }
}

/** Writes a text to a file that is there, such as those of a cgroup. @throws {SystemError} such as EACCES. */
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

/** An open descriptor of a process. */
export interface Descriptor {
  readonly descriptor: number;
  /** What it stands for, such as `socket:[4242]`, `pipe:[4243]` or a path (proc_pid_fd(5)). */
  readonly target: string;
}

/** Every open descriptor of a process, by number; none where it is gone, or somebody else's. */
export function descriptorsOf(pid: number): Descriptor[] {
  // The size of its table: no descriptor has a larger number.
  const size = Number(tryReadText(`/proc/${pid}/status`)?.match(/^FDSize:\s+(\d+)/m)?.[1] ?? 0);
  return Array.from({ length: size }, (_, descriptor) => descriptor).flatMap((descriptor) => {
    const target = readLink(`/proc/${pid}/fd/${descriptor}`);
    return target === undefined ? [] : [{ descriptor, target }];
  });
}

const TARGET = new Uint8Array(4096);

function readLink(path: string): string | undefined {
  const length = libc.readlink(cString(path), TARGET, TARGET.length);
  return length < 0 ? undefined : new TextDecoder().decode(TARGET.subarray(0, length));
}

/** What stands at a path. */
export interface FileStatus {
  readonly isSocket: boolean;
  readonly uid: number;
  /** What tells it from every other file of its file system. */
  readonly inode: bigint;
}

/** What stands at a path, links not followed (statx(2)); undefined where nothing does. */
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
    throw new SystemError("statx", `look at ${path}`, number);
  }
  const view = new DataView(bytes.buffer);
  return {
    uid: view.getUint32(20, true),
    isSocket: (view.getUint16(28, true) & S_IFMT) === S_IFSOCK,
    inode: view.getBigUint64(32, true),
  };
}

/** The lines of a file, each as its fields: words between spaces. */
export function readTable(path: string): string[][] {
  return readText(path).split("\n").map((line) => line.trim().split(/ +/));
}

/** States of a TCP socket, as numbers of two hexadecimal digits (tcp_states.h). */
export const TcpState = { closeWait: "08", listen: "0A" } as const;

/** A TCP socket of this thread's network, as proc_pid_net(5) tells it in net/tcp. */
export interface TcpSocket {
  /** One of `TcpState`, or another. */
  readonly state: string;
  /** Bytes received and not read; of a listening socket the clients in its backlog. */
  readonly waiting: number;
  readonly inode: number;
}

/** The TCP sockets whose own port is that. */
export function tcpSocketsOn(port: number): TcpSocket[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readTable("/proc/thread-self/net/tcp").filter(([, local]) => local?.endsWith(end))
    .map(([, , , state, queues, , , , , inode]) => ({
      state: state!,
      waiting: parseInt(queues!.split(":")[1]!, 16),
      inode: Number(inode),
    }));
}

/** Removes a name from the file system (unlink(2)). */
export function unlink(path: string): void {
  checked(libc.unlink(cString(path)), "unlink", `remove ${path}`);
}

/** The children of a process's main thread, dead ones not yet waited for included. */
export function childrenOf(pid: number): number[] {
  const list = tryReadText(`/proc/${pid}/task/${pid}/children`)?.trim();
  return list ? list.split(" ").map(Number) : [];
}

/** Whether a process has ended, be it that its parent has not yet asked for it. */
export function hasExited(pid: number): boolean {
  return !/\) [^ZX]/.test(tryReadText(`/proc/${pid}/stat`) ?? "");
}

/** The context switches so far of the thread (a process: its main thread) with that /proc folder. */
export function contextSwitches(folder: string): { voluntary: number; involuntary: number } {
  const status = tryReadText(`${folder}/status`) ?? "";
  const field = (name: string) =>
    Number(status.match(`\n${name}_ctxt_switches:\\s+(\\d+)`)?.[1] ?? 0);
  return { voluntary: field("voluntary"), involuntary: field("nonvoluntary") };
}

/**
 * Memory of a process in bytes, pages that it shares with others counted by its share (Pss in
 * proc_pid_smaps(5)); null where it cannot be read.
 */
export function proportionalMemory(pid: number): number | null {
  const kilobytes = tryReadText(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB/m)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** CPU seconds of a process's main thread as the scheduler's statistics have it; 0 without them. */
export function schedstatSeconds(pid: number): number {
  return Number(tryReadText(`/proc/${pid}/schedstat`)?.split(" ")[0] ?? 0) / 1e9;
}

/** User and system time of a process in clock ticks, 10 ms each. */
export function cpuTicks(pid: number): { user: number; system: number } {
  const fields = statFields(pid);
  return { user: Number(fields[11] ?? 0), system: Number(fields[12] ?? 0) };
}

/** CPU seconds of the children a process has waited for, in steps of 10 ms. */
export function reapedCpuSeconds(pid: number): number {
  const TICKS_PER_SECOND = 100; // USER_HZ, on every architecture
  const fields = statFields(pid);
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / TICKS_PER_SECOND;
}

/** The fields of proc_pid_stat(5) from the third one, the state, on. */
function statFields(pid: number): string[] {
  const stat = tryReadText(`/proc/${pid}/stat`) ?? "";
  // The command name, in brackets, may hold anything: the fields start behind the last bracket.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The C library's name and version. */
export function libcVersion(): string {
  return `glibc ${Deno.UnsafePointerView.getCString(libc.gnu_get_libc_version()!)}`;
}
