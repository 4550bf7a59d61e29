/**
 * When an external server is ready: it listens, has printed what it prints then, and its processes are steady.
 *
 * @module
 */

/** What can be seen of a server from outside. */
export interface Seen {
  /** Whether it listens at its port; or another program does. */
  listens(): boolean | "another";
  hasPrinted(): boolean;
  /** Number of its processes. */
  processes(): number;
  /** CPU seconds that it has used so far. */
  cpuSeconds(): number;
  /** Whether there is nothing to wait for any more. */
  hasEnded(): boolean;
}

/** What a server lacks to be ready; undefined: nothing. */
export type Lack = "listener" | "port" | "text" | undefined;

/** Milliseconds between two looks, at first and at most. Each look reads the table of all TCP sockets. */
const [FIRST_MS, MOST_MS] = [5, 100];

/** A server is steady that starts no process and uses next to no CPU time between two looks. */
const [STEADY_MS, IDLE_SECONDS] = [100, 0.01];

/** One that never rests is ready after so many milliseconds of listening. */
const RESTLESS_MS = 5000;

/** Waits until a server is ready, has ended, or that many seconds are over. Returns what it lacks. */
export async function whenReady(seen: Seen, seconds: number): Promise<Lack> {
  const end = performance.now() + 1000 * seconds;
  let lack = lackOf(seen);
  for (let wait = FIRST_MS; lack !== undefined && !seen.hasEnded(); lack = lackOf(seen)) {
    if (performance.now() > end) return lack;
    await pause(wait);
    wait = Math.min(1.5 * wait, MOST_MS);
  }
  await whenSteady(seen, Math.min(RESTLESS_MS, end - performance.now()));
  return lack;
}

function lackOf(seen: Seen): Lack {
  const listens = seen.listens();
  if (listens !== true) return listens ? "port" : "listener";
  return seen.hasPrinted() ? undefined : "text";
}

async function whenSteady(seen: Seen, milliseconds: number): Promise<void> {
  let [processes, cpu] = [seen.processes(), seen.cpuSeconds()];
  for (let waited = 0; waited < milliseconds && !seen.hasEnded(); waited += STEADY_MS) {
    await pause(STEADY_MS);
    const now = [seen.processes(), seen.cpuSeconds()] as const;
    if (now[0] === processes && now[1] - cpu < IDLE_SECONDS) return;
    [processes, cpu] = now;
  }
}

/** Waits until it holds, at most that many milliseconds. */
export async function within(milliseconds: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds() && performance.now() < end) await pause(FIRST_MS);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
