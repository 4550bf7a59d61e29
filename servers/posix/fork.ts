/**
 * fork(2) of a running Deno process.
 *
 * V8 marks its heap and its code range MADV_DONTFORK, so a plain fork gives a child that dies with
 * SIGSEGV at once. One madvise(MADV_DOFORK) before each fork undoes that, and the child is whole: it
 * runs TypeScript, allocates and collects garbage. It has one thread and no event loop: synchronous
 * calls only, no promises, timers or console, and it ends with `exitNow`. Run such programs with
 * `--v8-flags=--single-threaded`, so that no compiler or collector thread is missing in the child.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { readText } from "./files.ts";
import { libc, UnsupportedError } from "./libc.ts";
import { endsWithin, exitNow, getpid, kill, wait } from "./processes.ts";
import { resetSignals, Signal, withSignalsBlocked } from "./signals.ts";
import { write } from "./sockets.ts";

const MADV_DOFORK = 11;
const STDERR = 2;

/** The address ranges fork must copy: all but those the kernel maps itself ([vvar], [vdso] …). */
let ranges: readonly (readonly [start: bigint, length: bigint])[] | undefined;

function forkableRanges(): readonly (readonly [bigint, bigint])[] {
  const found: [bigint, bigint][] = [];
  let start: bigint | undefined;
  let end = 0n;
  for (const line of readText("/proc/self/maps").split("\n")) {
    const match = line.match(/^([0-9a-f]+)-([0-9a-f]+) .*?(\[v[a-z_]+\])?$/);
    if (!match) continue;
    if (match[3] === undefined) {
      start ??= BigInt(`0x${match[1]}`);
      end = BigInt(`0x${match[2]}`);
    } else if (start !== undefined) {
      found.push([start, end - start]);
      start = undefined;
    }
  }
  if (start !== undefined) found.push([start, end - start]);
  return found;
}

function prepare(): void {
  ranges ??= forkableRanges();
  // V8 marks new pages again. SAFETY: the advice changes nothing but what a fork copies. ENOMEM,
  // because of the holes between the mappings, is expected and the advice is applied all the same.
  for (const [start, length] of ranges) libc.madvise(start, length, MADV_DOFORK);
}

/**
 * Forks the main thread of a Deno process that has an event loop and signal handlers. The child runs
 * `body` and ends with its result as exit code (1 after an error, which goes to standard error).
 *
 * @returns the child's process number.
 */
export function fork(body: () => number | void): number {
  return withSignalsBlocked(() => {
    prepare();
    const pid = checked(libc.fork(), "fork", "fork");
    if (pid === 0) {
      resetSignals();
      run(body);
    }
    return pid;
  });
}

/**
 * Forks a process that was forked already: it has one thread and no handlers, so there is nothing to
 * reset, and _Fork(3), which skips the handlers of pthread_atfork, saves 60 µs on each side.
 *
 * @returns the child's process number.
 */
export function forkAgain(body: () => number | void): number {
  prepare();
  const pid = checked(libc._Fork !== null ? libc._Fork() : libc.fork(), "fork", "fork a child");
  if (pid === 0) run(body);
  return pid;
}

function run(body: () => number | void): never {
  let code = 1;
  try {
    code = body() ?? 0;
  } catch (error) {
    complain(`${error instanceof Error ? error.message : error}`);
  }
  exitNow(code);
}

/** Writes a line to standard error, from a process that has no console. */
export function complain(message: string): void {
  const bytes = new TextEncoder().encode(`herd[${getpid()}]: ${message}\n`);
  try {
    write(STDERR, bytes, bytes.length);
  } catch {
    // Nobody reads it.
  }
}

/** How a proof of fork went. */
export interface ForkProof {
  readonly works: boolean;
  readonly attempts: number;
  /** Why it does not work, or null. */
  readonly reason: string | null;
}

const PROOF_CODE = 42;
const PROOF_LIMIT_MS = 5000;

/** Forks a child that allocates and must end with a known code within a time limit; tries twice. */
export function proveFork(): ForkProof {
  let reason: string | null = null;
  for (let attempts = 1; attempts <= 2; attempts++) {
    try {
      reason = proveOnce();
    } catch (error) {
      reason = (error as Error).message;
    }
    if (reason === null) return { works: true, attempts, reason };
  }
  return { works: false, attempts: 2, reason };
}

function proveOnce(): string | null {
  const pid = fork(() => {
    const objects = Array.from({ length: 20_000 }, (_, i) => ({ name: `object ${i}`, i }));
    return objects.reduce((sum, object) => sum + object.i, 0) === 199_990_000 ? PROOF_CODE : 1;
  });
  if (!endsWithin(pid, PROOF_LIMIT_MS)) kill(pid, Signal.KILL);
  const end = wait(pid);
  if (end?.code === PROOF_CODE) return null;
  if (end?.signal === Signal.KILL) return `a forked child did not end within ${PROOF_LIMIT_MS} ms`;
  return end?.signal !== undefined
    ? `a forked child ended by signal ${end.signal}`
    : `a forked child ended with code ${end?.code}`;
}

/** @throws {UnsupportedError} where fork does not work. */
export function requireFork(): void {
  const { works, reason } = proveFork();
  if (!works) {
    throw new UnsupportedError(
      `Cannot fork a Deno process here: ${reason}; designs made of Workers need no fork (deno task designs)`,
    );
  }
}
