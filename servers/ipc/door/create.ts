/**
 * Creating and revoking doors.
 *
 * The thread that creates a process's first door manages all doors of the process: its event loop starts the
 * threads that answer calls, so it must not block. Procedures may create doors, too; their threads send a
 * request to the manager.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import { detachAll } from "./attach.ts";
import { addEnd, End } from "./ends.ts";
import { DoorError } from "./errors.ts";
import { Kind, sendDoorMessage } from "./message.ts";
import { addUnshared, dropUnshared, localDoor, useTable } from "./passing.ts";
import { Pool } from "./pool.ts";
import { COMMON_POOL, type DoorSlot, MAX_DOORS, Table, type UnreferencedMode } from "./table.ts";
import { requestManager } from "./thread.ts";

/** Attributes of a new door. */
export interface DoorAttributes {
  /** Whether it has a thread pool of its own (DOOR_PRIVATE) or shares that of the process (default). */
  readonly privatePool?: boolean;
  /** Number of threads started if the door is the first of its pool (default 1). */
  readonly threads?: number;
  /**
   * When its procedure is called because the door has become unreferenced, that is, without paths and without
   * descriptors except its process's own: `never` (default), `once` (DOOR_UNREF) or `always`
   * (DOOR_UNREF_MULTI).
   */
  readonly unreferenced?: UnreferencedMode;
}

/** The door for whose private pool a thread is requested. */
export interface ThreadRequest {
  /** URL of the procedure's module. */
  readonly procedure: string;
  readonly cookie: unknown;
}

/**
 * Starts a Worker whose module awaits `doorBind()`. It may return undefined and is called again when the next
 * call finds no idle thread, or when a thread has died.
 *
 * @param door the door of a private pool; undefined for the common pool.
 */
export type ThreadCreation = (door: ThreadRequest | undefined) => Worker | undefined;

/** The doors managed by this thread. */
let table: Table | undefined;
const pools = new Map<number, Pool>();

const startThread: ThreadCreation = () =>
  new Worker(new URL("./thread_main.ts", import.meta.url), { type: "module" });
let createThread = startThread;

/**
 * Sets the function that creates threads (door_server_create(3C)). It is called in this thread's event loop.
 * The default creates a thread whenever a call finds none idle.
 *
 * @returns the previous function.
 */
export function doorServerCreate(create: ThreadCreation = startThread): ThreadCreation {
  const before = createThread;
  createThread = create;
  return before;
}

/**
 * Creates a door to a procedure (door_create(3C)).
 *
 * Each call runs in an idle or new thread, a Worker. Each thread loads the module for itself and has its own
 * copy of the module's variables; to share data, pass it in the cookie, for example a SharedArrayBuffer.
 *
 * @param procedure URL of a module with a `Procedure` as default export.
 * @param cookie the procedure's first argument, a structured clone in each thread.
 * @returns the door's descriptor, with which this process can call, pass and attach it.
 * @throws {TypeError} if the module cannot be loaded or has no procedure.
 * @throws {RangeError} if the process has 256 doors.
 */
export async function doorCreate(
  procedure: string | URL,
  cookie?: unknown,
  attributes: DoorAttributes = {},
): Promise<number> {
  const { href } = new URL(procedure);
  const requested = requestManager("doorCreate", href, cookie, attributes) as
    | Promise<number>
    | undefined;
  const door = await (requested ?? create(href, cookie, attributes));
  addUnshared(door);
  return door;
}

/**
 * Revokes a door (door_revoke(3C)): its descriptor is closed and its paths are removed. Calls in progress
 * complete; later ones fail. The threads of a pool terminate with its last door.
 *
 * @throws {DoorError} `EBADF` if the descriptor is not a door of this process.
 */
export async function doorRevoke(door: number): Promise<void> {
  dropUnshared(door);
  await (requestManager("doorRevoke", door) ?? revoke(door));
}

/** Requests of threads. `doorRevoke` is not awaited, because a procedure cannot wait for its own thread. */
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
    throw new RangeError(`Cannot create a door: the maximum of a process is ${MAX_DOORS}`);
  }
  const pool = poolOf(slot, { procedure, cookie });
  slot.epoll = pool.epoll;
  const { id } = slot;
  pool.define({ id, procedure, cookie });
  addEnd(slot, End.own, served);
  if (pool.hasNoThreads) pool.start(threads);
  // A function set by doorServerCreate may have created no thread yet that could load the procedure.
  if (pool.hasNoThreads) return own;
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

function poolOf({ index, isPrivate }: DoorSlot, door: ThreadRequest): Pool {
  const poolIndex = isPrivate ? index + 1 : COMMON_POOL;
  const found = pools.get(poolIndex);
  if (found) return found;
  const createWorker = () => createThread(isPrivate ? door : undefined);
  const pool = new Pool(table!, poolIndex, createWorker, requests);
  pools.set(poolIndex, pool);
  return pool;
}

async function revoke(door: number): Promise<void> {
  const slot = localDoor(door);
  if (slot === undefined) {
    throw new DoorError("EBADF", `Cannot revoke door ${door}: it is not a door of this process`);
  }
  const poolIndex = slot.isPrivate ? slot.index + 1 : COMMON_POOL;
  const pool = pools.get(poolIndex)!;
  const { id } = slot;
  detachAll(slot);
  slot.revoke();
  close(door);
  pool.forget(id);
  if (!pool.isEmpty) return;
  pools.delete(poolIndex);
  await pool.end();
}
