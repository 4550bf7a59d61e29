/**
 * What goes through a door and back: a short header, the data, and the descriptors. Data that is larger
 * than a message, or than the room its receiver has for it, goes as a file in memory.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import { memfdOf, readExactly } from "../../posix/memory.ts";
import {
  type Credentials,
  DESCRIPTOR_LIMIT,
  Message,
  MESSAGE_LIMIT,
  type Sent,
} from "../../posix/messages.ts";
import type { DoorCode } from "./errors.ts";

/** What a letter is. */
export const Kind = {
  /** Call the procedure. */
  call: 1,
  /** Tell about the door. */
  info: 2,
  /** From the door's own process: load the procedure. */
  prepare: 3,
  /** From the door's own process: nobody refers to the door any more. */
  unreferenced: 4,
  /** What the procedure returned. */
  result: 5,
  /** The procedure threw: the data is the error's message. */
  failed: 6,
  /** The call was not made: the data is a `DoorCode`, a space and a message. */
  refused: 7,
} as const;

/** One of `Kind`. */
export type Kind = typeof Kind[keyof typeof Kind];

/** What is sent. */
export interface Letter {
  readonly kind: Kind;
  readonly data?: Uint8Array<ArrayBuffer> | undefined;
  readonly descriptors?: readonly number[];
  /** The socket on which an answer is awaited; without it, that over which this is sent. */
  readonly replyTo?: number;
  /** Bytes up to which an answer's data is to come in the message itself. */
  readonly room?: number;
}

/** What is received. Its descriptors belong to whoever received it. */
export interface ReceivedDoorMessage {
  readonly kind: Kind;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly descriptors: readonly number[];
  /** −1: the socket over which this came. */
  readonly replyTo: number;
  readonly room: number;
  /** Whether all of it has come; there may be no descriptors free for those that were passed. */
  readonly isComplete: boolean;
  /** Who sent it, from the kernel; pid 0 where this end has not asked for it. */
  readonly sender: Credentials;
}

// The header: kind and marks, room, length of the data where it is in a file.
const HEADER_BYTES = 16;
const KIND_MASK = 0xff;
const HAS_REPLY_TO = 0x100;
const HAS_FILE = 0x200;

/** Bytes of data that fit into the message itself. */
export const INLINE_LIMIT = MESSAGE_LIMIT - HEADER_BYTES;

/** Descriptors that a letter can carry; two more are for the reply and the file. */
export const PASS_LIMIT = DESCRIPTOR_LIMIT - 2;

function makeMessage() {
  const message = new Message(MESSAGE_LIMIT, DESCRIPTOR_LIMIT);
  const { buffer } = message.data;
  return {
    message,
    body: message.data.subarray(HEADER_BYTES),
    ints: new Int32Array(buffer, 0, 2),
    length: new Float64Array(buffer, 8, 1),
  };
}

// A thread sends and receives one letter at a time.
const outgoing = makeMessage();
const incoming = makeMessage();

/**
 * Sends a letter. `room` is what its receiver has for the data.
 *
 * @param wait false: says `full` where sending would have to wait.
 */
export function sendDoorMessage(
  socket: number,
  { kind, data = NOTHING, descriptors = [], replyTo = -1, room = 0 }: Letter,
  receiversRoom = INLINE_LIMIT,
  wait = true,
): Sent {
  const { message, body, ints, length } = outgoing;
  const file = data.length > Math.min(receiversRoom, INLINE_LIMIT)
    ? memfdOf("herd-door", data)
    : -1;
  ints[0] = kind | (replyTo === -1 ? 0 : HAS_REPLY_TO) | (file === -1 ? 0 : HAS_FILE);
  ints[1] = room;
  length[0] = data.length;
  message.length = HEADER_BYTES;
  if (file === -1) {
    body.set(data);
    message.length += data.length;
  }
  message.descriptors = replyTo === -1 && file === -1
    ? descriptors
    : [replyTo, file].filter((fd) => fd !== -1).concat(descriptors);
  try {
    return message.send(socket, wait);
  } finally {
    if (file !== -1) close(file);
  }
}

/**
 * Receives a letter; `closed` where the other end is, or says something else.
 *
 * @param wait false: says `none` where there is none yet.
 */
export function receiveDoorMessage(socket: number, wait?: true): ReceivedDoorMessage | "closed";
export function receiveDoorMessage(
  socket: number,
  wait: false,
): ReceivedDoorMessage | "closed" | "none";
export function receiveDoorMessage(
  socket: number,
  wait = true,
): ReceivedDoorMessage | "closed" | "none" {
  const { message, body, ints, length } = incoming;
  const received = message.receive(socket, wait);
  if (received === "none") return "none";
  if (received === "closed" || message.length < HEADER_BYTES) {
    message.closeDescriptors();
    return "closed";
  }
  const [all, marks] = [message.descriptors, ints[0]!];
  const before = marks & HAS_REPLY_TO ? 1 : 0;
  const replyTo = marks & HAS_REPLY_TO ? all[0] ?? -1 : -1;
  const file = marks & HAS_FILE ? all[before] ?? -1 : -1;
  const passed = marks & HAS_FILE ? before + 1 : before;
  const data = marks & HAS_FILE
    ? takeFile(file, length[0]!)
    : body.slice(0, message.length - HEADER_BYTES);
  return {
    kind: (marks & KIND_MASK) as Kind,
    data: data ?? NOTHING,
    descriptors: passed === 0 ? all : all.slice(passed),
    replyTo,
    room: ints[1]!,
    isComplete: received === "message" && data !== undefined,
    sender: message.sender,
  };
}

/** The answer to a call that is not made. */
export function refusal(code: DoorCode, reason: string): Letter {
  return { kind: Kind.refused, data: new TextEncoder().encode(`${code} ${reason}`) };
}

/** What is in a file that came with a letter; undefined where it is not what was announced. */
function takeFile(file: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (file === -1) return undefined;
  try {
    return readExactly(file, length);
  } catch {
    return undefined; // no file, or a length nobody has memory for
  } finally {
    close(file);
  }
}

const NOTHING = new Uint8Array(0);
