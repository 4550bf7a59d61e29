/**
 * The listing of the door server, with threads of another program: `faulty_door_thread.ts`, or the one that
 * the query of this module's URL names.
 *
 * @module
 */
import type { ThreadPool } from "../design.ts";
import { attachListener } from "../ipc/door/attach.ts";
import { doorCreate, doorServerCreate } from "../ipc/door/mod.ts";

const { searchParams } = new URL(import.meta.url);
const THREAD = new URL(searchParams.get("thread") ?? "./faulty_door_thread.ts", import.meta.url);

/** As that of `listings/door_server.ts`. */
export function start({ listener, children, startThread, fail }: ThreadPool): void {
  doorServerCreate(() => startThread(THREAD));
  doorCreate(THREAD, undefined, { privatePool: true, threads: children })
    .then((door) => attachListener(door, listener), (error: Error) => fail(error.message));
}
