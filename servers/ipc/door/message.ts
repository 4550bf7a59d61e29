/**
 * Messages of doors: a short header, data and descriptors. Data that exceeds a message, or the receiver's
 * limit, is passed as a file in memory.
 *
 * @module
 */
import { SystemError } from "../../posix/errors.ts";
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

/** Kinds of messages. */
export const Kind = {
  /** Call the procedure. */
  call: 1,
  /** Send information about the door. */
  info: 2,
  /** From the door's own process: load the procedure. */
  prepare: 3,
  /** The result of the procedure. */
  result: 4,
  /** The procedure threw: the data is the error's message. */
  failed: 5,
  /** The call was not made: the data is a `DoorCode`, a space and a message. */
  refused: 6,
} as const;

/** One of `Kind`. */
export type Kind = typeof Kind[keyof typeof Kind];

/** A message to send. */
export interface DoorMessage {
  readonly kind: Kind;
  readonly data?: Uint8Array<ArrayBuffer> | undefined;
  readonly descriptors?: readonly number[];
  /** The socket for the reply; by default the one over which this is sent. */
  readonly replyTo?: number;
  /** Maximum bytes of data in the reply's message; more come as a file. */
  readonly inlineLimit?: number;
}

/** A received message. The receiver must close its descriptors. */
export interface ReceivedDoorMessage {
  readonly kind: Kind;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly descriptors: readonly number[];
  /** −1: the socket over which this was received. */
  readonly replyTo: number;
  readonly inlineLimit: number;
  /** Whether it is complete: this process may have had no free descriptors for those passed. */
  readonly isComplete: boolean;
  /** The sender's credentials from the kernel; pid 0 if they are not enabled on this end. */
  readonly sender: Credentials;
}

// The header: kind and flags, inline limit, length of data passed as a file.
const HEADER_BYTES = 16;
const KIND_MASK = 0xff;
const HAS_REPLY_TO = 0x100;
const HAS_FILE = 0x200;

/** Maximum bytes of data, since the receiver reads them into memory that it has to provide: 64 MiB. */
export const DATA_LIMIT: number = 64 * 1024 * 1024;

/** Maximum bytes of data in a message. */
export const INLINE_LIMIT = MESSAGE_LIMIT - HEADER_BYTES;

/** Maximum number of descriptors that a call can pass; two more are for the reply and the file. */
export const PASS_LIMIT = DESCRIPTOR_LIMIT - 2;

function createBuffer() {
  const message = new Message(MESSAGE_LIMIT, DESCRIPTOR_LIMIT);
  const { buffer } = message.data;
  return {
    message,
    body: message.data.subarray(HEADER_BYTES),
    ints: new Int32Array(buffer, 0, 2),
    length: new Float64Array(buffer, 8, 1),
  };
}

// A thread sends and receives one message at a time.
const outgoing = createBuffer();
const incoming = createBuffer();

/**
 * Sends a message.
 *
 * @param limit maximum bytes of data in the message; the receiver's `inlineLimit`.
 * @param wait whether to block while the peer's buffer is full; otherwise the result is `full`.
 * @throws {RangeError} for more than `DATA_LIMIT` bytes of data.
 */
export function sendDoorMessage(
  socket: number,
  { kind, data = NOTHING, descriptors = [], replyTo = -1, inlineLimit = 0 }: DoorMessage,
  limit = INLINE_LIMIT,
  wait = true,
): Sent {
  const { message, body, ints, length } = outgoing;
  if (data.length > DATA_LIMIT) {
    throw new RangeError(`Cannot pass ${data.length} bytes of data: the maximum is ${DATA_LIMIT}`);
  }
  const file = data.length > Math.min(limit, INLINE_LIMIT) ? memfdOf("herd-door", data) : -1;
  ints[0] = kind | (replyTo === -1 ? 0 : HAS_REPLY_TO) | (file === -1 ? 0 : HAS_FILE);
  ints[1] = inlineLimit;
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
 * Receives a message; `closed` if the peer has closed or sent something else.
 *
 * @param wait whether to block until there is one; otherwise the result is `none`.
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
  const [all, flags] = [message.descriptors, ints[0]!];
  const before = flags & HAS_REPLY_TO ? 1 : 0;
  const replyTo = flags & HAS_REPLY_TO ? all[0] ?? -1 : -1;
  const file = flags & HAS_FILE ? all[before] ?? -1 : -1;
  const passed = flags & HAS_FILE ? before + 1 : before;
  const data = flags & HAS_FILE
    ? readPassedFile(file, length[0]!)
    : body.slice(0, message.length - HEADER_BYTES);
  return {
    kind: (flags & KIND_MASK) as Kind,
    data: data ?? NOTHING,
    descriptors: passed === 0 ? all : all.slice(passed),
    replyTo,
    inlineLimit: ints[1]!,
    isComplete: received === "message" && data !== undefined,
    sender: message.sender,
  };
}

/**
 * Sends a reply, if the caller can get one. It may leave its replies unread, or have passed something else than
 * a socket for them: this thread neither blocks nor fails.
 */
export function reply(socket: number, message: DoorMessage): void {
  try {
    sendDoorMessage(socket, message, INLINE_LIMIT, false);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

/** The reply to a call that cannot be made. */
export function refusal(code: DoorCode, reason: string): DoorMessage {
  return { kind: Kind.refused, data: new TextEncoder().encode(`${code} ${reason}`) };
}

/** Reads the data passed as a file; undefined if it is shorter than announced, too long or not a file. */
function readPassedFile(file: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (file === -1) return undefined;
  try {
    // The length is the sender's word, and its file may be all holes.
    return length <= DATA_LIMIT ? readExactly(file, length) : undefined;
  } catch {
    return undefined; // not a file
  } finally {
    close(file);
  }
}

const NOTHING = new Uint8Array(0);
