/**
 * Door server: its clients do not write to it and read from it, they call it (UNP volume 2, chapter 15).
 * The service is a procedure behind a door. Whichever thread of the door's pool is idle takes the next
 * call, whoever makes it; and as it is the last one to have become idle that is woken, few threads do most
 * of the work.
 *
 * Doors are made of Unix sockets here, so that a call costs what a message each way costs, and a wake-up.
 *
 * @module
 */
import type { ThreadPool } from "../design.ts";
import { attachListener } from "../ipc/door/attach.ts";
import { doorCreate, doorServerCreate } from "../ipc/door/mod.ts";

/** The program of a thread, whose default export is the procedure. */
const THREAD = new URL("../children/door_worker_main.ts", import.meta.url);

/** Makes the door, and as many threads as there are to be children. */
export function start({ listener, children, startThread, fail }: ThreadPool): void {
  let started = 0;
  doorServerCreate(() => started === children ? undefined : startThread(THREAD, started++));
  doorCreate(THREAD, undefined, { privatePool: true, threads: children })
    .then((door) => attachListener(door, listener), (error: Error) => fail(error.message));
}
