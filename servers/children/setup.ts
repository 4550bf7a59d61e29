/**
 * The parts of a server, as each of its processes and threads has them: plain numbers that are passed to
 * children (descriptors, an address), and the objects made from them.
 *
 * @module
 */
import type {
  ChildContext,
  Design,
  Listing,
  Lock,
  ParentContext,
  Policy,
  Readiness,
  ServiceName,
  ServiceTime,
} from "../design.ts";
import type { Launch } from "./launch.ts";
import { type OpenLock, openLock } from "../locks/lock.ts";
import { Mutex } from "../locks/mutex.ts";
import { Queue, QUEUE_BYTES } from "../locks/queue.ts";
import { usage } from "../posix/clocks.ts";
import { Errno, onShortage, SystemError } from "../posix/errors.ts";
import { read } from "../posix/io.ts";
import { unlinkedFile } from "../posix/locking.ts";
import { FailureMessage } from "../posix/failure_message.ts";
import { bufferAt } from "../posix/libc.ts";
import { createMemfd, mapMemfd, type SharedMemory } from "../posix/memory.ts";
import { allowTracing, dieWithParent, gettid } from "../posix/processes.ts";
import { openWait } from "../posix/readiness.ts";
import { Signal } from "../posix/signals.ts";
import { socketTimeout } from "../posix/sockets.ts";
import { NO_SERVICE_TIME, type RequestTimes, requestTimesOf } from "../service/request_times.ts";
import type { Service } from "../service/service.ts";
import type { Sessions } from "../sessions.ts";
import { services } from "../service/services.ts";
import { Meter, Slot, SLOT_BYTES } from "./meter.ts";
import { policies } from "./policies.ts";
import { sendStatus } from "./status.ts";

/** What a child needs to find everything else. */
export interface Handles {
  /** Number of children. */
  readonly children: number;
  /** The listening socket; where there are several, the first. */
  readonly listener: number;
  /** All of them. */
  readonly listeners: readonly number[];
  /** Write end of the status pipe. */
  readonly status: number;
  /** Read end of a pipe that is closed when the server opens; −1: it is open. */
  readonly gate: number;
  /** The shared memory, as a file. */
  readonly memory: number;
  /** The lock file; −1: none. */
  readonly lockFile: number;
  /** Which free child a connection is passed to. */
  readonly policy: Policy;
  /** How long each request takes, besides its reply. */
  readonly serviceTime: ServiceTime;
  /** Seconds that a client may stand still; 0: no limit. */
  readonly requestTimeout: number;
  /** Whether its processes let any process of this user trace them. */
  readonly traceable: boolean;
  /** What is done for a client. */
  readonly service: ServiceName;
}

/** The parts of a server. */
export interface Setup {
  readonly design: Design;
  readonly listing: Listing;
  readonly service: Service;
  readonly handles: Handles;
  /** How servers are launched, in a design that launches another program. */
  readonly launch: Launch | undefined;
  /** Address of the shared memory in this process. */
  readonly address: bigint;
  readonly meter: Meter;
  /** The place for the failure message of the children with an index, or of the parent. */
  readonly failureMessage: (of: number | "parent") => FailureMessage;
  readonly lock: OpenLock;
  readonly queue: Queue;
}

/** The parts that a setup is made from. */
type Given = Pick<Setup, "design" | "listing" | "service">;

/** Loads them. */
export async function loadParts(design: Design, service: ServiceName): Promise<Given> {
  return { design, listing: await import(design.listing), service: await services[service]() };
}

// The shared memory: the mutex, the queue, the meter, failure messages.
const QUEUE_AT = Mutex.BYTES;
const METER_AT = QUEUE_AT + Math.ceil(QUEUE_BYTES / 64) * 64;

function bytesFor(children: number): number {
  return messagesAt(children + 1, children);
}

/** Where the failure message with an index is; the last is the parent's. */
function messagesAt(index: number, children: number): number {
  return METER_AT + Meter.bytes(children) + index * FailureMessage.BYTES;
}

/** Makes the parts of a server. The setup of a warm-up has no descriptors of the server. */
export function makeSetup(
  parts: Given,
  { launch, listeners = [], ...options }: {
    children: number;
    listeners?: readonly number[];
    status?: number;
    gate?: number;
    launch?: Launch | undefined;
    policy?: Policy;
    serviceTime?: ServiceTime;
    requestTimeout?: number;
    traceable?: boolean;
  },
): Setup {
  const memory = createMemfd("herd", bytesFor(options.children));
  const { design, service } = parts;
  const lockFile = design.lock === "file" ? unlinkedFile() : -1;
  const handles = {
    listener: listeners[0] ?? -1,
    listeners,
    status: -1,
    gate: -1,
    policy: "lowest-free" as const,
    serviceTime: NO_SERVICE_TIME,
    requestTimeout: 0,
    traceable: false,
    ...options,
    service: service.name,
    memory,
    lockFile,
  };
  const setup = { ...openSetup(parts, handles), launch };
  Mutex.create(setup.address, design.children === "worker" ? "threads" : "processes");
  Queue.create(setup.address + BigInt(QUEUE_AT));
  return setup;
}

/** The queue in the shared memory that lies at an address of this process. */
export function queueAt(address: bigint): Queue {
  return new Queue(address + BigInt(QUEUE_AT));
}

/** Opens what `makeSetup` made: at an address of this process, or through the descriptors. */
export function openSetup(
  { design, listing, service }: Given,
  handles: Handles,
  address?: bigint,
): Setup {
  const { children } = handles;
  const bytes = bytesFor(children);
  const memory: SharedMemory = address === undefined
    ? mapMemfd(handles.memory, bytes)
    : { address, buffer: bufferAt(address, bytes) };
  return {
    design,
    listing,
    service,
    handles,
    launch: undefined,
    address: memory.address,
    meter: new Meter(
      memory,
      METER_AT,
      children,
      design.lifetime === "client" || design.threads !== undefined,
    ),
    failureMessage: (of) =>
      new FailureMessage(memory.buffer, messagesAt(of === "parent" ? children : of, children)),
    lock: openLock(design.lock ?? "mutex", {
      descriptor: handles.lockFile,
      address: memory.address,
    }),
    queue: queueAt(memory.address),
  };
}

/** Address of a child's slot in the shared memory at an address. */
export function slotAddress(address: bigint, index: number): bigint {
  return address + BigInt(METER_AT + index * SLOT_BYTES);
}

/** Opens the slot of one child, in a program that has no other part of the server. */
export function openSlot(memory: number, index: number): Slot {
  const at = METER_AT + index * SLOT_BYTES;
  return new Slot(mapMemfd(memory, at + SLOT_BYTES).buffer, at);
}

/** What the parent of a listing gets. */
export function parentContext(
  setup: Setup,
  own: Slot,
  children: ParentContext["children"],
): ParentContext {
  const times = requestTimesOf(setup.handles.serviceTime, 0);
  return {
    listener: setup.handles.listener,
    choose: policies[setup.handles.policy](),
    queue: setup.queue,
    children,
    serve: servingFor(own, setup, times),
    sessions: sessionsFor(own, setup, times),
    polls: setup.design.polls ?? "epoll",
    count: countingFor(own, setup.handles.serviceTime),
  };
}

/** The descriptors that a child of a listing gets, and for how long it runs in a warm-up. */
interface Child {
  readonly connection?: number;
  readonly socket?: number;
  readonly listeners?: readonly number[];
  /** Ends after so many calls of accept in the slot that found no connection; −1: it does not. */
  readonly mostEmpty?: number;
  /** The times of its requests; undefined: those of its index, if they take any. */
  readonly times?: RequestTimes | undefined;
}

/** What a child of a listing gets. */
export function childContext(
  setup: Setup,
  index: number,
  {
    connection = -1,
    socket = -1,
    listeners = setup.handles.listeners,
    mostEmpty = -1,
    times = requestTimesOf(setup.handles.serviceTime, index),
  }: Child,
): ChildContext {
  const { design: { lifetime, passes, waits, polls }, meter } = setup;
  const ownsListener = lifetime === "pool" && passes === undefined;
  const listener = ownsListener ? listeners[0]! : -1;
  const slot = meter.children[index]!;
  return {
    index,
    isReplacement: slot.lost > 0,
    listener,
    listeners,
    connection,
    socket,
    lock: setup.lock,
    readiness: waits === undefined ? NO_WAIT : openWait(waits, listener),
    queue: setup.queue,
    foundNone: countingEmpty(slot, mostEmpty),
    serve: servingFor(slot, setup, times),
    sessions: sessionsFor(slot, setup, times),
    polls: polls ?? "epoll",
  };
}

/** What a child has that calls accept without waiting before. */
const NO_WAIT: Readiness = { wait: () => {}, [Symbol.dispose]: () => {} };

/** Counts calls of accept that found no connection in a slot. */
function countingEmpty(slot: Slot, most: number): () => void {
  return () => {
    slot.foundNone();
    if (slot.emptyAccepts !== most) return;
    throw new SystemError("accept", "accept another connection", Errno.EAGAIN);
  };
}

/** The listening socket of a child: its own, or that of all. */
export function listenerOf({ design, handles }: Setup, index: number): number {
  return design.isSharded ? handles.listeners[index]! : handles.listener;
}

/** What a process of a server does first: it ends with its parent, and is traceable if the server is to be. */
export function beginUnder(parent: number, { traceable }: Handles): void {
  dieWithParent(parent, Signal.KILL);
  if (traceable) allowTracing();
}

/** Has this process or thread count its shortages with those of the whole server. */
export function countShortages({ meter: { parent } }: Setup): void {
  onShortage((errno) => parent.lack(errno));
}

/** Makes a slot that of this process or thread, and records its CPU time so far. */
export function enter(slot: Slot): void {
  slot.pid = gettid();
  slot.ready = usage("thread");
}

/** This thread dies: adds its usage to its slot, and releases the lock for the others. */
export function leave(slot: Slot, lock?: Lock): void {
  if (lock instanceof Mutex && lock.isHeld) lock.release();
  slot.add(usage("thread"));
}

/** Reports to the host that this process or thread is ready. */
export function announce(index: number, status: number): void {
  sendStatus(status, { kind: "ready", index, pid: gettid() });
}

/** The same, then waits until the server opens: accept fails on a socket that does not listen yet. */
export function announceAndWait(index: number, handles: Handles): void {
  announce(index, handles.status);
  awaitOpening(handles);
}

/** Waits until the server opens. */
export function awaitOpening({ gate }: Handles): void {
  if (gate !== -1) read(gate, new Uint8Array(1));
}

/** Serves clients and counts them in a slot. Their requests take the times. */
function servingFor(
  slot: Slot,
  { service: { serve }, handles: { requestTimeout } }: Setup,
  times: RequestTimes | undefined,
): (connection: number) => void {
  const timeout = requestTimeout === 0 ? undefined : socketTimeout(requestTimeout);
  return (connection) => serve(slot, connection, timeout, times);
}

/** Sessions of clients that are served at once and counted in a slot, likewise. */
export function sessionsFor(
  slot: Slot,
  { service: { startSession }, handles: { requestTimeout, status } }: Setup,
  times: RequestTimes | undefined,
): Sessions {
  return {
    start: startSession,
    counter: slot,
    // A warm-up has no host to tell anything.
    endsIdle: status === -1,
    limitMs: 1000 * requestTimeout,
    times,
  };
}

/** Counts clients that are one message each in a slot, likewise. */
function countingFor(slot: Slot, serviceTime: ServiceTime): (answer: () => boolean) => void {
  const times = requestTimesOf(serviceTime, 0);
  return (answer) => {
    slot.open();
    times?.spend(1);
    const isServed = answer();
    slot.close(!isServed, isServed ? 1 : 0);
  };
}
