/**
 * How many descriptors and threads Workers need. Deno ends the process if it cannot make the runtime of a Worker.
 *
 * @module
 */

/** Descriptors that a Worker has for as long as it lives (measured with Deno 2.9: 6 of epoll, eventfd and pipes). */
const OF_WORKER = 6;

/** Upper bound of what the host has besides. */
const OF_HOST = 64;

/** Room for a Worker of a pool while it starts: its own, those of files it loads, both ends of 30 clients that warm it up. */
export const POOL_START_ROOM = 80;

/** Room for a Worker that serves one client while it starts. */
export const CLIENT_START_ROOM = 16;

/** Room that connections leave, so that there is always some for a Worker that serves one of them. */
export const RESERVE = 2 * CLIENT_START_ROOM;

/** Descriptors that a process needs for a main thread and Workers that come with clients. */
export const DESCRIPTORS_PER_CLIENT = OF_HOST + OF_WORKER + RESERVE;

/** Descriptors that a process needs for a pool of that many Workers and a main thread, which may start at once. */
export function descriptorsForPool(children: number): number {
  return OF_HOST + OF_WORKER * (children + 1) + 2 * POOL_START_ROOM;
}

/** Threads that a Worker has while it starts: its own, and one that reads files (measured with Deno 2.9). */
export const START_THREADS = 2;
