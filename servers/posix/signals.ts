/**
 * Signals in processes without an event loop.
 *
 * Never install an FFI callback as a signal handler: V8 may be in any state when the signal arrives.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked } from "./errors.ts";
import { read } from "./io.ts";
import { libc } from "./libc.ts";

/** Signal numbers (signal(7)). */
export const Signal = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  WINCH: 28,
} as const;

const LAST_SIGNAL = 64;

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const SIGSET_BYTES = 128;

const SIGACTION_BYTES = 152; // struct sigaction of glibc, on x86-64 and arm64

/** Whether a signal is ignored. Who starts this process may have it so (sigaction(2), execve(2)). */
export function isIgnored(signal: number): boolean {
  const action = new Uint8Array(SIGACTION_BYTES);
  libc.sigaction(signal, null, action);
  return new DataView(action.buffer).getBigUint64(0, true) === SIG_IGN;
}

/** Ignores a signal from now on. */
export function ignore(signal: number): void {
  libc.signal(signal, SIG_IGN);
}

/**
 * Lets this process wait for its children, also where it was started with SIGCHLD ignored, as supervisors do:
 * children would leave nothing to wait for (wait(2)), and those of `Deno.Command` would seem to run forever.
 */
export function keepEndedChildren(): void {
  if (isIgnored(Signal.CHLD)) libc.signal(Signal.CHLD, SIG_DFL);
}

/** Runs `body` with all signals blocked. Pending ones are delivered afterwards. */
export function withSignalsBlocked<T>(body: () => T): T {
  const all = new Uint8Array(SIGSET_BYTES);
  const before = new Uint8Array(SIGSET_BYTES);
  libc.sigfillset(all);
  libc.pthread_sigmask(SIG_BLOCK, all, before);
  try {
    return body();
  } finally {
    libc.pthread_sigmask(SIG_SETMASK, before, new Uint8Array(SIGSET_BYTES));
  }
}

/**
 * Resets signals in a forked process, and unblocks them. The parent's handlers are removed, because they
 * need its event loop and would swallow the signal. SIGINT is ignored: on ^C the host ends its processes in
 * order. SIGPIPE is ignored: writes fail with EPIPE.
 */
export function resetSignals(): void {
  for (const signal of [Signal.HUP, Signal.TERM, Signal.CHLD]) libc.signal(signal, SIG_DFL);
  for (const signal of [Signal.INT, Signal.PIPE]) libc.signal(signal, SIG_IGN);
  const all = new Uint8Array(SIGSET_BYTES);
  libc.sigfillset(all);
  libc.pthread_sigmask(SIG_UNBLOCK, all, new Uint8Array(SIGSET_BYTES));
}

/** Gives every signal its default action, and unblocks them all: a program that is executed inherits both. */
export function restoreSignals(): void {
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) libc.signal(signal, SIG_DFL);
  const all = new Uint8Array(SIGSET_BYTES);
  libc.sigfillset(all);
  libc.pthread_sigmask(SIG_UNBLOCK, all, new Uint8Array(SIGSET_BYTES));
}

/** Blocks signals in this thread, as `waitForSignal` requires (pthread_sigmask(3)). */
export function blockSignals(...signals: number[]): void {
  libc.pthread_sigmask(SIG_BLOCK, signalSet(signals), new Uint8Array(SIGSET_BYTES));
}

/** Waits for one of these signals, which must be blocked (sigwait(3)). Returns its number. */
export function waitForSignal(...signals: number[]): number {
  const number = new Int32Array(1);
  libc.sigwait(signalSet(signals), new Uint8Array(number.buffer));
  return number[0]!;
}

/**
 * Blocks signals in this thread and returns a descriptor that is readable when one of them is pending
 * (signalfd(2)). Read it with `readSignal`.
 */
export function signalDescriptor(...signals: number[]): number {
  blockSignals(...signals);
  return checked(
    libc.signalfd(-1, signalSet(signals), O_CLOEXEC),
    "signalfd",
    `wait for signals ${signals.join(", ")}`,
  );
}

const SIGINFO_BYTES = 128; // struct signalfd_siginfo
const siginfo = new Uint8Array(SIGINFO_BYTES);

/** Reads the next signal from a descriptor of `signalDescriptor` and blocks until there is one. Returns its number. */
export function readSignal(descriptor: number): number {
  read(descriptor, siginfo);
  return siginfo[0]!;
}

function signalSet(signals: readonly number[]): Uint8Array<ArrayBuffer> {
  const set = new Uint8Array(SIGSET_BYTES);
  libc.sigemptyset(set);
  for (const signal of signals) libc.sigaddset(set, signal);
  return set;
}
