/**
 * What this machine can run, each by trying it.
 *
 * @module
 */
import { perf, type Program, RefusedError, strace, Tracer } from "../run/tracer.ts";
import { RESULTS } from "../record/runs.ts";
import { Cgroup, newCgroupName } from "../../servers/posix/cgroup.ts";
import { sleep } from "../../servers/posix/clocks.ts";
import { Errno, errnoName } from "../../servers/posix/errors.ts";
import { fileStatus, tryReadText } from "../../servers/posix/files.ts";
import { fork, type ForkProbe, probeFork } from "../../servers/posix/fork.ts";
import { tryIoUring } from "../../servers/posix/io_uring_memory.ts";
import { enterNetworkNamespace, findLoopback } from "../../servers/posix/network.ts";
import { mayWrite, tryTrace } from "../../servers/posix/probes.ts";
import { allowTracing, dieWithParent, getpid, kill, wait } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { type Check, fine } from "./check.ts";

type Finding = Omit<Check, "group" | "what">;

/** Tries everything. */
export async function abilities(): Promise<Check[]> {
  const probe = probeFork();
  const found: [string, Finding | string][] = [
    ["fork(2) of a Deno process", forking(probe)],
    ["loopback address", loopback()],
    [`folder of the records, ${RESULTS}/`, records()],
    ["second account of the CPU time", account(probe)],
    ["network namespace (--netns)", namespace(probe)],
    ["counting system calls (--trace)", await tracing(probe)],
    ["ptrace(2) of another process", ptrace(probe)],
    ["io_uring", ioUring()],
  ];
  return found.map(([what, finding]) =>
    typeof finding === "string"
      ? fine("ability", what, finding)
      : { group: "ability", what, ...finding }
  );
}

const limited = (stands: string, mend: string | null): Finding => ({
  state: "limited",
  stands,
  mend,
});
const missing = (stands: string, mend: string): Finding => ({ state: "missing", stands, mend });

/** What needs a child where there can be none. */
const UNTRIED = limited("not tried, because fork does not work", null);

function forking({ works, reason }: ForkProbe): Finding | string {
  if (works) return "works";
  return missing(
    reason ?? "does not work",
    "write deno task bench --designs 'thread-*,prethread-*', which fork nothing",
  );
}

function loopback(): Finding | string {
  const found = findLoopback();
  if (found === "127.0.0.1") return found;
  return found ?? missing("there is none", "sudo ip link set lo up");
}

function records(): Finding | string {
  const folder = fileStatus(RESULTS) === undefined ? "." : RESULTS;
  if (mayWrite(folder)) return "can be written";
  return missing("cannot be written", "stand in a folder of yours, or write --output DIR");
}

/** Runs `body` in a child; whether it said yes. */
function inChild(body: () => boolean): boolean {
  const pid = fork(() => {
    try {
      return body() ? 0 : 1;
    } catch {
      return 1; // nothing to print: the finding says it
    }
  });
  return wait(pid)?.code === 0;
}

const LESSER_ACCOUNT = limited(
  "the scheduler's statistics: no process can be put into a cgroup",
  "run as root, or under systemd-run --user --scope --property=Delegate=yes",
);

function account(probe: ForkProbe): Finding | string {
  const cgroup = Cgroup.create(newCgroupName());
  if (cgroup === undefined) return LESSER_ACCOUNT;
  // A whole process enters it and ends.
  const works = !probe.works || inChild(() => cgroup.enter());
  cgroup.remove();
  return works ? cgroup.source : LESSER_ACCOUNT;
}

function namespace({ works }: ForkProbe): Finding | string {
  if (!works) return UNTRIED;
  const may = inChild(() => {
    enterNetworkNamespace();
    return true;
  });
  return may ? "can be made" : limited(
    "cannot be made without root",
    "prefix the command with sudo, or with unshare --map-root-user --net",
  );
}

/** A child that lets itself be traced, as servers of --trace do, until it is disposed of. */
class Traced implements Disposable {
  readonly pid: number;

  constructor() {
    const parent = getpid();
    this.pid = fork(() => {
      dieWithParent(parent, Signal.KILL);
      allowTracing();
      for (;;) sleep(1000);
    });
  }

  [Symbol.dispose](): void {
    kill(this.pid, Signal.KILL);
    wait(this.pid);
  }
}

async function tracing({ works }: ForkProbe): Promise<Finding | string> {
  if (!works) return UNTRIED;
  using traced = new Traced();
  for (const program of [strace, perf]) {
    const found = await attach(program, traced.pid);
    if (found !== undefined) return found;
  }
  return limited("neither strace nor perf is installed", "sudo apt install strace");
}

/** Attaches a tracer to a process; undefined if there is no such tracer. */
async function attach(program: Program, pid: number): Promise<Finding | string | undefined> {
  try {
    await using _ = await Tracer.attach(program, [pid]);
    return program.name;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return limited(
      `${program.name} does not work: ${(error as Error).message}`,
      error instanceof RefusedError ? program.advice() : null,
    );
  }
}

function ptrace({ works }: ForkProbe): Finding | string {
  if (!works) return UNTRIED;
  using traced = new Traced();
  // In a child, as the tracer's end is the end of the tracing.
  const failure = wait(fork(() => tryTrace(traced.pid)))?.code ?? Errno.EPERM;
  return failure === 0 ? "works" : limited(`fails with ${errnoName(failure)}`, strace.advice());
}

function ioUring(): Finding | string {
  const failure = tryIoUring();
  if (failure === 0) return "works";
  const isDisabled = Number(tryReadText("/proc/sys/kernel/io_uring_disabled") ?? 0) > 0;
  return limited(
    `fails with ${errnoName(failure)}; io-uring and prefork-io-uring need it`,
    isDisabled
      ? "sudo sysctl -w kernel.io_uring_disabled=0"
      : failure === Errno.ENOSYS || failure === Errno.EINVAL
      ? null // the kernel has none, or is older than Linux 6.1
      : "start the container with --security-opt seccomp=unconfined",
  );
}
