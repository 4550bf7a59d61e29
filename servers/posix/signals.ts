/**
 * Signals, as a process without an event loop uses them.
 *
 * Never give a C function an FFI callback as signal handler: V8 may be anywhere when the signal comes.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { libc } from "./libc.ts";
import { read } from "./sockets.ts";

/** Signal numbers (signal(7)). */
export const Signal = {
  HUP: 1,
  INT: 2,
  KILL: 9,
  PIPE: 13,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
} as const;

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const SIGSET_BYTES = 128;

/** Runs `body` with every signal blocked, and lets those that came meanwhile through afterwards. */
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
 * What a forked process does first, with signals still blocked: handlers of its parent are reset, since
 * they need an event loop and would swallow the signal. ^C on a terminal is ignored: it is the host that
 * answers it, and ends its processes in order.
 */
export function resetSignals(): void {
  for (const signal of [Signal.HUP, Signal.TERM, Signal.CHLD]) libc.signal(signal, SIG_DFL);
  for (const signal of [Signal.INT, Signal.PIPE]) libc.signal(signal, SIG_IGN);
  const all = new Uint8Array(SIGSET_BYTES);
  libc.sigfillset(all);
  libc.pthread_sigmask(SIG_UNBLOCK, all, new Uint8Array(SIGSET_BYTES));
}

/** Ends this process in so many seconds (SIGALRM), whatever it is doing then. */
export function endAfter(seconds: number): void {
  libc.alarm(seconds);
}

/** Blocks these signals in this thread, so that `waitForSignal` can take them. */
export function blockSignals(...signals: number[]): void {
  libc.pthread_sigmask(SIG_BLOCK, signalSet(signals), new Uint8Array(SIGSET_BYTES));
}

/** Waits for one of these signals, which must be blocked; its number is the result (sigwait(3)). */
export function waitForSignal(...signals: number[]): number {
  const number = new Int32Array(1);
  libc.sigwait(signalSet(signals), new Uint8Array(number.buffer));
  return number[0]!;
}

/**
 * Blocks these signals in this thread, and gives a descriptor that is readable where one of them has come
 * (signalfd(2)). `readSignal` takes it.
 */
export function signalDescriptor(...signals: number[]): number {
  const SFD_CLOEXEC = 0o2000000;
  blockSignals(...signals);
  return checked(
    libc.signalfd(-1, signalSet(signals), SFD_CLOEXEC),
    "signalfd",
    `wait for signals ${signals.join(", ")}`,
  );
}

const SIGINFO_BYTES = 128; // struct signalfd_siginfo
const siginfo = new Uint8Array(SIGINFO_BYTES);

/** Takes the next signal of such a descriptor, waiting for one; its number is the result. */
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
