/**
 * Making doors, and ending them.
 *
 * The thread that makes a process's first door manages the doors of the process: its event loop starts the
 * threads that answer calls, and must turn for that. A procedure may make doors, too; its thread asks the
 * manager to.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import { detachAll } from "./attach.ts";
import { addEnd, End } from "./ends.ts";
import { DoorError } from "./errors.ts";
import { Kind, sendDoorMessage } from "./letter.ts";
import { addUnshared, dropUnshared, localDoor, useTable } from "./passing.ts";
import { Pool } from "./pool.ts";
import { COMMON_POOL, type DoorSlot, MOST_DOORS, type Notice, Table } from "./table.ts";
import { askManager } from "./thread.ts";

/** How a door is to be. */
export interface DoorAttributes {
  /** Whether it has a pool of threads of its own (DOOR_PRIVATE); otherwise it shares the process's. */
  readonly privatePool?: boolean;
  /** Threads that its pool starts with, where the door is the pool's first (default 1). */
  readonly threads?: number;
  /**
   * When its procedure is told that nobody refers to the door any more, no path and no descriptor but
   * that of its own process: `once` (DOOR_UNREF) or `always`, each time (DOOR_UNREF_MULTI).
   */
  readonly unreferenced?: Notice;
}

/** For which door a thread is wanted; undefined for the pool that doors share. */
export interface ThreadWanted {
  /** URL of the procedure's module. */
  readonly procedure: string;
  readonly cookie: unknown;
}

/**
 * Starts a Worker whose module awaits `doorBind()`, or none for now; it is asked again when the next call
 * finds no thread idle, or when a thread has died.
 */
export type ThreadCreation = (door: ThreadWanted | undefined) => Worker | undefined;

/** The doors that this thread manages. */
let table: Table | undefined;
const pools = new Map<number, Pool>();

const startThread: ThreadCreation = () =>
  new Worker(new URL("./thread_main.ts", import.meta.url), { type: "module" });
let createThread = startThread;

/**
 * From now on threads are made by this function (door_server_create(3C)); it is called in this thread's
 * event loop. Undefined: as many as calls at a time, as at first.
 *
 * @returns the function until now.
 */
export function doorServerCreate(create: ThreadCreation = startThread): ThreadCreation {
  const before = createThread;
  createThread = create;
  return before;
}

/**
 * Makes a door to a procedure (door_create(3C)): the default export of a module, as a `Procedure`.
 *
 * Each call runs in a thread, a Worker: one that is idle, or a new one. Threads load the module for
 * themselves, so that its variables are each thread's own; what they are to share goes into the cookie,
 * say a SharedArrayBuffer.
 *
 * @param cookie what the procedure gets as its first argument, by structured clone.
 * @returns the door's descriptor, by which this process may call it, pass it on, or give it a path.
 * @throws {TypeError} where the module cannot be loaded or has no procedure.
 * @throws {RangeError} where the process has no room for more doors.
 */
export async function doorCreate(
  procedure: string | URL,
  cookie?: unknown,
  attributes: DoorAttributes = {},
): Promise<number> {
  const { href } = new URL(procedure);
  const asked = askManager("doorCreate", href, cookie, attributes) as Promise<number> | undefined;
  const door = await (asked ?? create(href, cookie, attributes));
  addUnshared(door);
  return door;
}

/**
 * Ends a door (door_revoke(3C)): its descriptor is closed and its paths are gone. Calls that are being
 * answered are; every other fails. With the last door of a pool its threads end.
 *
 * @throws {DoorError} `EBADF` where the descriptor is no door of this process.
 */
export async function doorRevoke(door: number): Promise<void> {
  dropUnshared(door);
  await (askManager("doorRevoke", door) ?? revoke(door));
}

/** What threads may ask for. A procedure cannot wait for the end of its own thread. */
const requests = {
  doorCreate: create,
  doorRevoke: (door: number) => void revoke(door),
};

async function create(
  procedure: string,
  cookie: unknown,
  { privatePool = false, threads = 1, unreferenced = "never" }: DoorAttributes,
): Promise<number> {
  if (table === undefined) useTable(table = new Table());
  const [own, served] = messagePair();
  const slot = table.doors.find((door) => door.claim(own, unreferenced, privatePool));
  if (slot === undefined) {
    [own, served].forEach(close);
    throw new RangeError(`Cannot make a door: a process has at most ${MOST_DOORS}`);
  }
  const pool = poolOf(slot, { procedure, cookie });
  slot.set = pool.set;
  const { id } = slot;
  pool.define({ id, procedure, cookie });
  addEnd(slot, End.own, served);
  if (pool.isIdle) pool.start(threads);
  // Where threads are made otherwise, there may be none yet to load it.
  if (pool.isIdle) return own;
  const prepared = pool.prepared(id);
  sendDoorMessage(own, { kind: Kind.prepare });
  try {
    await prepared;
  } catch (error) {
    await revoke(own);
    throw error;
  }
  return own;
}

function poolOf({ index, isPrivate }: DoorSlot, door: ThreadWanted): Pool {
  const place = isPrivate ? index + 1 : COMMON_POOL;
  const found = pools.get(place);
  if (found) return found;
  const make = () => createThread(isPrivate ? door : undefined);
  const pool = new Pool(table!, place, make, requests);
  pools.set(place, pool);
  return pool;
}

async function revoke(door: number): Promise<void> {
  const slot = localDoor(door);
  if (slot === undefined) {
    throw new DoorError("EBADF", `Cannot revoke door ${door}: it is no door of this process`);
  }
  const place = slot.isPrivate ? slot.index + 1 : COMMON_POOL;
  const pool = pools.get(place)!;
  const { id } = slot;
  detachAll(slot);
  slot.revoke();
  close(door);
  pool.forget(id);
  if (!pool.isEmpty) return;
  pools.delete(place);
  await pool.end();
}
