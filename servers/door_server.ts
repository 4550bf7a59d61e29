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
import type { Setup } from "./children/setup.ts";
import { attachListener } from "./door/attach.ts";
import { doorCreate, doorServerCreate } from "./door/mod.ts";
import type { Told } from "./door_thread.ts";
import { complain } from "./posix/errors.ts";
import type { Cgroup } from "./posix/cgroup.ts";
import type { Running } from "./host/running.ts";
import { Threads } from "./host/thread_server.ts";

const THREAD = new URL("./door_thread.ts", import.meta.url);

/** Makes the door, and as many threads as there are to be children. */
export function start(setup: Setup, cgroup?: Cgroup): Running {
  const { handles, address } = setup;
  cgroup?.enter();
  let made = 0;
  doorServerCreate(() => {
    if (made === handles.children) return;
    const worker = new Worker(THREAD, { type: "module" });
    worker.postMessage({ index: made++, handles, address } satisfies Told);
    return worker;
  });
  doorCreate(THREAD, undefined, { privatePool: true, threads: handles.children })
    .then((door) => attachListener(door, handles.listener), (error) => complain(error.message));
  return new Threads(setup, cgroup);
}
