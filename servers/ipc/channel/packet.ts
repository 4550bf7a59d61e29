/**
 * The format of requests and replies: a header of integers, then the bytes. Bytes that do not fit into the
 * message are passed as a file in memory.
 *
 * @module
 */
import { monotonicNanoseconds } from "../../posix/clocks.ts";
import { memfdOf, preadFull } from "../../posix/memory.ts";
import { Message, MESSAGE_LIMIT } from "../../posix/messages.ts";

/** Maximum bytes sent with a request's header, and stored in the channel's memory. */
export const BODY_BYTES = 4096;

/** Indices of a request's numbers. A pulse is a request without a reply. */
export const Request = {
  /** One of `MessageType`, or `PULSE`. */
  type: 0,
  priority: 1,
  /** The sending thread. */
  tid: 2,
  coid: 3,
  /** Length of the whole message in bytes. */
  length: 4,
  /** Size of the sender's reply buffer in bytes. */
  replyCapacity: 5,
  code: 6,
  value: 7,
  /** Time of sending: a float64 of nanoseconds. */
  stamp: 8,
} as const;

/** The type of a pulse. */
export const PULSE = -1;

/** Size of a request's header in bytes. */
export const REQUEST_BYTES = 40;

/** Maximum bytes of a message to another node: 64 MiB. */
export const FRAME_LIMIT: number = 64 * 1024 * 1024;

/** Indices of a reply's numbers. */
const Reply = { status: 0, error: 1, length: 2 } as const;
const REPLY_BYTES = 16;

/** Maximum bytes sent with a reply's header. */
export const REPLY_BODY_BYTES: number = MESSAGE_LIMIT - REPLY_BYTES;

/** A buffer for one request, to send or received. */
export class RequestPacket {
  readonly message: Message = new Message(REQUEST_BYTES + BODY_BYTES, 1);
  readonly numbers: Int32Array = new Int32Array(this.message.data.buffer, 0, REQUEST_BYTES / 4);
  readonly #stamp = new Float64Array(this.message.data.buffer, 4 * Request.stamp, 1);

  set stamp(nanoseconds: number) {
    this.#stamp[0] = nanoseconds;
  }

  /** The bytes received after the header. */
  get body(): Uint8Array<ArrayBuffer> {
    return this.message.data.subarray(REQUEST_BYTES, this.message.length);
  }

  /** The request as a frame for another node. Closes its file. */
  toFrame(): Uint8Array<ArrayBuffer> {
    return frameOf(this.message, REQUEST_BYTES, this.numbers[Request.length]!);
  }

  /** Makes it the request of a frame, sent now; see `put`. */
  fromFrame(frame: Uint8Array<ArrayBuffer>): void {
    this.message.data.set(frame.subarray(0, REQUEST_BYTES));
    this.stamp = monotonicNanoseconds();
    this.put(frame.subarray(REQUEST_BYTES));
  }

  /** Sets the bytes. If they are passed as a file, it must be closed after sending. */
  put(bytes: Uint8Array<ArrayBuffer>): void {
    const { message } = this;
    const isLarge = bytes.length > BODY_BYTES;
    this.numbers[Request.length] = bytes.length;
    message.descriptors = isLarge ? [memfdOf("herd-message", bytes)] : [];
    message.length = REQUEST_BYTES + (isLarge ? 0 : bytes.length);
    if (!isLarge) message.data.set(bytes, REQUEST_BYTES);
  }
}

/** The result in a reply. */
export interface Replied {
  readonly status: number;
  /** The error number; 0: none. */
  readonly error: number;
}

/** A buffer for one reply. */
export class ReplyPacket {
  readonly message: Message = new Message(MESSAGE_LIMIT, 1);
  readonly #numbers = new Int32Array(this.message.data.buffer, 0, REPLY_BYTES / 4);

  /** The reply as a frame for another node. Closes its file. */
  toFrame(): Uint8Array<ArrayBuffer> {
    return frameOf(this.message, REPLY_BYTES, this.#numbers[Reply.length]!);
  }

  /** Makes it the reply of a frame. Its file, if any, must be closed after sending. */
  fromFrame(frame: Uint8Array<ArrayBuffer>): void {
    this.message.data.set(frame.subarray(0, REPLY_BYTES));
    const [status, error] = this.#numbers;
    const bytes = frame.subarray(REPLY_BYTES);
    const how = { status: status!, error: error! };
    if (bytes.length <= REPLY_BODY_BYTES) this.put(how, bytes);
    else this.putFile(how, memfdOf("herd-reply", bytes), bytes.length);
  }

  /** Makes it a reply with these bytes, at most `REPLY_BODY_BYTES`. */
  put(how: Replied, bytes: Uint8Array<ArrayBuffer>): void {
    this.#startReply(how, bytes.length);
    this.message.data.set(bytes, REPLY_BYTES);
    this.message.length += bytes.length;
  }

  /** Makes it a reply with the first `length` bytes of a file in memory. */
  putFile(how: Replied, file: number, length: number): void {
    this.#startReply(how, length);
    this.message.descriptors = [file];
  }

  /** Unpacks a received reply. Copies as many of its bytes as fit into `buffer`. */
  unpack(buffer: Uint8Array<ArrayBuffer>): Replied {
    const { message } = this;
    const length = Math.min(this.#numbers[Reply.length]!, buffer.length);
    if (message.descriptors.length > 0) {
      preadFull(message.descriptors[0]!, buffer.subarray(0, length));
    } else buffer.set(message.data.subarray(REPLY_BYTES, REPLY_BYTES + length));
    message.closeDescriptors();
    return { status: this.#numbers[Reply.status]!, error: this.#numbers[Reply.error]! };
  }

  #startReply({ status, error }: Replied, length: number): void {
    this.#numbers[Reply.status] = status;
    this.#numbers[Reply.error] = error;
    this.#numbers[Reply.length] = length;
    this.message.length = REPLY_BYTES;
    this.message.descriptors = [];
  }
}

function frameOf(message: Message, headerBytes: number, length: number): Uint8Array<ArrayBuffer> {
  const [file] = message.descriptors;
  if (file === undefined) return message.data.slice(0, message.length);
  const frame = new Uint8Array(headerBytes + Math.min(Math.max(length, 0), FRAME_LIMIT));
  frame.set(message.data.subarray(0, headerBytes));
  const read = preadFull(file, frame.subarray(headerBytes));
  message.closeDescriptors();
  return frame.subarray(0, headerBytes + read);
}
