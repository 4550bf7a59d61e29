/**
 * Door server: clients call it instead of writing and reading (UNP volume 2, chapter 15). The service is a
 * procedure behind a door. Any idle thread of the door's pool takes the next call, from any client. The
 * thread that became idle last is woken first, so a few threads do most of the work.
 *
 * Doors are implemented over Unix sockets here: a call costs a message each way and a wake-up.
 *
 * @module
 */
import type { ThreadPool } from "../design.ts";
import { attachListener } from "../ipc/door/attach.ts";
import { doorCreate, doorServerCreate } from "../ipc/door/mod.ts";

/** The program of a thread; its default export is the procedure. */
const THREAD = new URL("../children/door_worker_main.ts", import.meta.url);

/** Creates the door and its threads. */
export function start({ listener, children, startThread, fail }: ThreadPool): void {
  doorServerCreate(() => startThread(THREAD));
  doorCreate(THREAD, undefined, { privatePool: true, threads: children })
    .then((door) => attachListener(door, listener), (error: Error) => fail(error.message));
}
