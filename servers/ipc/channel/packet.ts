/**
 * What travels between a client and a channel: a header of whole numbers, then the message's bytes. More
 * bytes than fit go as a file in memory.
 *
 * @module
 */
import { monotonicNanoseconds } from "../../posix/clocks.ts";
import { memfdOf, preadFull } from "../../posix/memory.ts";
import { Message, MESSAGE_LIMIT } from "../../posix/messages.ts";

/** Bytes of a message that travel with its header, and have room in the channel's own memory. */
export const BODY_BYTES = 4096;

/** The numbers of a request. A pulse is a request to which nobody replies. */
export const Request = {
  /** One of `MessageType`; `PULSE`. */
  type: 0,
  priority: 1,
  /** The thread that sends. */
  tid: 2,
  coid: 3,
  /** Bytes of the whole message. */
  length: 4,
  /** Bytes there is room for in the reply. */
  room: 5,
  code: 6,
  value: 7,
  /** When it was sent: a float64 of nanoseconds. */
  stamp: 8,
} as const;

/** The type of a pulse. */
export const PULSE = -1;

/** Size of a request's header. */
export const REQUEST_BYTES = 40;

/** Most bytes of a message that go to another node: 64 MiB. */
export const FRAME_LIMIT: number = 64 * 1024 * 1024;

/** The numbers of a reply. */
const Reply = { status: 0, error: 1, length: 2 } as const;
const REPLY_BYTES = 16;

/** Bytes that travel with a reply's header. */
export const REPLY_BODY_BYTES: number = MESSAGE_LIMIT - REPLY_BYTES;

/** One request at a time, to be sent or as it was received. */
export class RequestPacket {
  readonly message: Message = new Message(REQUEST_BYTES + BODY_BYTES, 1);
  readonly numbers: Int32Array = new Int32Array(this.message.data.buffer, 0, REQUEST_BYTES / 4);
  readonly #stamp = new Float64Array(this.message.data.buffer, 4 * Request.stamp, 1);

  set stamp(nanoseconds: number) {
    this.#stamp[0] = nanoseconds;
  }

  /** The bytes that came behind the header. */
  get body(): Uint8Array<ArrayBuffer> {
    return this.message.data.subarray(REQUEST_BYTES, this.message.length);
  }

  /** The whole request in one piece, as it goes to another node; its file is closed. */
  toFrame(): Uint8Array<ArrayBuffer> {
    return frameOf(this.message, REQUEST_BYTES, this.numbers[Request.length]!);
  }

  /** Puts a request there that came in one piece, and just now; as `put`. */
  fromFrame(frame: Uint8Array<ArrayBuffer>): void {
    this.message.data.set(frame.subarray(0, REQUEST_BYTES));
    this.stamp = monotonicNanoseconds();
    this.put(frame.subarray(REQUEST_BYTES));
  }

  /** Puts the bytes behind the header, or a file that holds them, which has to be closed once sent. */
  put(bytes: Uint8Array<ArrayBuffer>): void {
    const { message } = this;
    const isLarge = bytes.length > BODY_BYTES;
    this.numbers[Request.length] = bytes.length;
    message.descriptors = isLarge ? [memfdOf("herd-message", bytes)] : [];
    message.length = REQUEST_BYTES + (isLarge ? 0 : bytes.length);
    if (!isLarge) message.data.set(bytes, REQUEST_BYTES);
  }
}

/** What came back. */
export interface Replied {
  readonly status: number;
  /** Error number; 0: none. */
  readonly error: number;
}

/** One reply at a time. */
export class ReplyPacket {
  readonly message: Message = new Message(MESSAGE_LIMIT, 1);
  readonly #numbers = new Int32Array(this.message.data.buffer, 0, REPLY_BYTES / 4);

  /** The whole reply in one piece, as it goes to another node; its file is closed. */
  toFrame(): Uint8Array<ArrayBuffer> {
    return frameOf(this.message, REPLY_BYTES, this.#numbers[Reply.length]!);
  }

  /** Makes it the reply that came in one piece; its file, if it has one, has to be closed once sent. */
  fromFrame(frame: Uint8Array<ArrayBuffer>): void {
    this.message.data.set(frame.subarray(0, REPLY_BYTES));
    const [status, error] = this.#numbers;
    const bytes = frame.subarray(REPLY_BYTES);
    const how = { status: status!, error: error! };
    if (bytes.length <= REPLY_BODY_BYTES) this.put(how, bytes);
    else this.putFile(how, memfdOf("herd-reply", bytes), bytes.length);
  }

  /** Makes it a reply with those bytes, `REPLY_BODY_BYTES` at most. */
  put(how: Replied, bytes: Uint8Array<ArrayBuffer>): void {
    this.#head(how, bytes.length);
    this.message.data.set(bytes, REPLY_BYTES);
    this.message.length += bytes.length;
  }

  /** Makes it a reply with the first `length` bytes of a file in memory. */
  putFile(how: Replied, file: number, length: number): void {
    this.#head(how, length);
    this.message.descriptors = [file];
  }

  /** Takes the reply apart that was received; its bytes go into `buffer` as far as there is room. */
  take(buffer: Uint8Array<ArrayBuffer>): Replied {
    const { message } = this;
    const length = Math.min(this.#numbers[Reply.length]!, buffer.length);
    if (message.descriptors.length > 0) {
      preadFull(message.descriptors[0]!, buffer.subarray(0, length));
    } else buffer.set(message.data.subarray(REPLY_BYTES, REPLY_BYTES + length));
    message.closeDescriptors();
    return { status: this.#numbers[Reply.status]!, error: this.#numbers[Reply.error]! };
  }

  #head({ status, error }: Replied, length: number): void {
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
