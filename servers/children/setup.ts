/**
 * What a server is made of, in the process or thread that has it: plain numbers to hand on to a child
 * (descriptors, an address), and the objects made from them.
 *
 * @module
 */
import type { Child, Design, Listing, Lock, Server } from "../design.ts";
import type { Launch } from "./launch.ts";
import { openLock } from "../locks/lock.ts";
import { Mutex } from "../locks/mutex.ts";
import { Queue, QUEUE_BYTES } from "../locks/queue.ts";
import { cpuBurner, usage } from "../posix/clocks.ts";
import { unlinkedFile } from "../posix/locking.ts";
import { createMemfd, mapMemfd, memoryAt, type SharedMemory } from "../posix/memory.ts";
import { gettid } from "../posix/processes.ts";
import { read } from "../posix/sockets.ts";
import { serve } from "../service/bytes.ts";
import { Meter, type Slot } from "./meter.ts";
import { tell } from "./status.ts";

/** What a child is told to find everything else. */
export interface Handles {
  /** Id of the design. */
  readonly design: string;
  /** Number of children. */
  readonly children: number;
  /** The listening socket. */
  readonly listener: number;
  /** Write end of the status pipe. */
  readonly status: number;
  /** Read end of the pipe that ends when the server opens; −1: it is open. */
  readonly gate: number;
  /** The shared memory, as a file. */
  readonly memory: number;
  /** The lock file; −1: none. */
  readonly lockFile: number;
  /** CPU to waste on each connection, in nanoseconds; 0: none, as a design is. */
  readonly extraCpu: number;
}

/** What a server is made of. */
export interface Setup {
  readonly design: Design;
  readonly listing: Listing;
  readonly handles: Handles;
  /** How the servers are started, in a design that launches another program. */
  readonly launch: Launch | undefined;
  /** Where the shared memory lies in this process. */
  readonly address: bigint;
  readonly meter: Meter;
  readonly lock: Lock;
  readonly queue: Queue;
}

// The shared memory: the mutex, the queue, the meter.
const QUEUE_AT = Mutex.BYTES;
const METER_AT = QUEUE_AT + Math.ceil(QUEUE_BYTES / 64) * 64;

/** Makes what a server of that many children needs; a stage, on which one rehearses, has no descriptors. */
export function makeSetup(
  design: Design,
  listing: Listing,
  { launch, ...options }: {
    children: number;
    listener?: number;
    status?: number;
    gate?: number;
    launch?: Launch | undefined;
    extraCpu?: number;
  },
): Setup {
  const memory = createMemfd("herd", METER_AT + Meter.bytes(options.children));
  const lockFile = design.lock === "file" ? unlinkedFile() : -1;
  const handles = {
    design: design.id,
    listener: -1,
    status: -1,
    gate: -1,
    extraCpu: 0,
    ...options,
    memory,
    lockFile,
  };
  const setup = { ...openSetup(design, listing, handles), launch };
  Mutex.create(setup.address, design.children === "worker" ? "threads" : "processes");
  Queue.create(setup.address + BigInt(QUEUE_AT));
  return setup;
}

/** The queue in the shared memory that lies at an address of this process. */
export function queueAt(address: bigint): Queue {
  return new Queue(address + BigInt(QUEUE_AT));
}

/** Finds what `makeSetup` made: at an address of this process, or through the descriptors. */
export function openSetup(
  design: Design,
  listing: Listing,
  handles: Handles,
  address?: bigint,
): Setup {
  const bytes = METER_AT + Meter.bytes(handles.children);
  const memory: SharedMemory = address === undefined
    ? mapMemfd(handles.memory, bytes)
    : memoryAt(address, bytes);
  return {
    design,
    listing,
    handles,
    launch: undefined,
    address: memory.address,
    meter: new Meter(memory, METER_AT, handles.children),
    lock: openLock(design.lock ?? "mutex", {
      descriptor: handles.lockFile,
      address: memory.address,
    }),
    queue: queueAt(memory.address),
  };
}

/** Where the slot of all children is that are started for one client each. */
export function clientSlotAddress({ address }: Setup): bigint {
  return address + BigInt(METER_AT);
}

/** Finds one child's slot in the shared memory, from a program that has nothing else of the server. */
export function openSlot(memory: number, index: number): Slot {
  const children = index + 1; // those behind it are of no interest
  const bytes = METER_AT + Meter.bytes(children);
  return new Meter(mapMemfd(memory, bytes), METER_AT, children).children[index]!;
}

/** What the parent of a listing gets. */
export function serverOf(setup: Setup, own: Slot, children: Server["children"]): Server {
  return {
    listener: setup.handles.listener,
    queue: setup.queue,
    children,
    serve: servingFor(own, setup.handles.extraCpu),
    count: countingFor(own, setup.handles.extraCpu),
  };
}

/** What a child of a listing gets. */
export function childOf(
  setup: Setup,
  index: number,
  { connection = -1, channel = -1 }: { connection?: number; channel?: number },
  slot = setup.meter.children[index]!,
): Child {
  const ownsListener = setup.design.lifetime === "pool" && setup.design.passes === undefined;
  return {
    index,
    listener: ownsListener ? setup.handles.listener : -1,
    connection,
    channel,
    lock: setup.lock,
    queue: setup.queue,
    serve: servingFor(slot, setup.handles.extraCpu),
  };
}

/** Makes this process or thread the one that lives in a slot, and notes what it had used until now. */
export function enter(slot: Slot): void {
  slot.pid = gettid();
  slot.ready = usage("thread");
}

/** Tells the host that this process or thread is ready. */
export function announce(index: number, status: number): void {
  tell(status, { kind: "ready", index, pid: gettid() });
}

/** The same, and waits until the server opens: accept fails on a socket that does not listen yet. */
export function announceAndWait(index: number, handles: Handles): void {
  announce(index, handles.status);
  awaitOpening(handles);
}

/** Waits until the server opens. */
export function awaitOpening({ gate }: Handles): void {
  if (gate !== -1) read(gate, new Uint8Array(1));
}

/** How a client is served on behalf of a slot; with CPU to waste, before each of them. */
function servingFor(slot: Slot, extraCpu: number): (connection: number) => void {
  if (extraCpu === 0) return (connection) => serve(slot, connection);
  const burn = cpuBurner(extraCpu);
  return (connection) => {
    burn();
    serve(slot, connection);
  };
}

/** How a client is counted on behalf of a slot that comes with a message, likewise. */
function countingFor(slot: Slot, extraCpu: number): (answer: () => boolean) => void {
  const burn = extraCpu === 0 ? () => {} : cpuBurner(extraCpu);
  return (answer) => {
    burn();
    slot.open();
    slot.close(!answer());
  };
}
