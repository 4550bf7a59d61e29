/**
 * Resource managers: servers of a path that clients open, read, write and close (QNX Neutrino's
 * resmgr_attach()).
 *
 * @module
 */
import { Errno, printError, SystemError } from "../../posix/errors.ts";
import { channelDestroy } from "./channel.ts";
import { MessageType, PulseCode } from "./flags.ts";
import { CLOSED_PULSES } from "./intake.ts";
import { createAt } from "./paths.ts";
import {
  type MessageInfo,
  msgRead,
  msgReceive,
  type Pulse,
  type ReceivedMessage,
} from "./receive.ts";
import { msgError, msgReply } from "./reply.ts";

/** The reply to a client's own message. */
export interface Answer {
  readonly status: number;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/**
 * The handlers of a resource manager. If one throws a `SystemError`, the client's call fails with its error
 * number; for any other error with EIO, and without a handler with ENOSYS.
 */
export interface Handlers<Handle> {
  /** A client opens the path. Returns the state of the new descriptor (QNX's open control block). */
  open(flags: number, info: MessageInfo): Handle;
  /** Returns at most `length` bytes; none at end of file. */
  read?(handle: Handle, length: number, info: MessageInfo): Uint8Array<ArrayBuffer>;
  /** Writes bytes, which are valid until it returns. Returns the number of bytes written. */
  write?(handle: Handle, bytes: Uint8Array<ArrayBuffer>, info: MessageInfo): number;
  /** Handles a client's message of `msgSend`. */
  message?(handle: Handle, bytes: Uint8Array<ArrayBuffer>, info: MessageInfo): Answer;
  /** A client has closed its descriptor or terminated. Called once per `open`. */
  close?(handle: Handle): void;
  /** Handles a pulse. */
  pulse?(pulse: Pulse): void;
}

/** A served path. */
export interface ResourceManager {
  readonly chid: number;
  readonly path: string;
  /** Handles the next message or pulse and blocks until there is one. */
  handle(): void;
}

/**
 * Attaches a path, to be served by a thread that calls `handle` in a loop.
 *
 * @param path absolute; a slash at its end is ignored.
 * @throws {SystemError} EEXIST if the path is served already, EINVAL if it is not absolute.
 */
export function resmgrAttach<Handle>(path: string, handlers: Handlers<Handle>): ResourceManager {
  return new Manager(path, handlers);
}

/** Detaches a path. @throws {SystemError} ESRCH if it was detached before. */
export function resmgrDetach({ chid }: ResourceManager): void {
  channelDestroy(chid);
}

/** Size of the buffer for messages. Larger messages, up to a maximum, get a buffer of their own. */
const BUFFER_BYTES = 65536;
const MAX_BYTES = 64 * 1024 * 1024;

class Manager<Handle> implements ResourceManager {
  readonly chid: number;
  readonly path: string;
  readonly #handlers: Handlers<Handle>;
  /** The state of open descriptors, by connection. */
  readonly #handles = new Map<number, Handle>();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  constructor(path: string, handlers: Handlers<Handle>) {
    this.path = path;
    this.#handlers = handlers;
    const action = `serve ${path}`;
    ({ chid: this.chid } = createAt(path, CLOSED_PULSES, { call: "resmgrAttach", action }));
  }

  handle(): void {
    const received = msgReceive(this.chid, this.#buffer);
    if (received.pulse === undefined) this.#reply(received);
    else if (received.pulse.code === PulseCode.CLOSED) this.#close(received.pulse.value);
    else this.#handlers.pulse?.(received.pulse);
  }

  #reply(received: ReceivedMessage): void {
    const answer = this.#answerOrError(received);
    // To a client that has terminated they do nothing; the channel sends a pulse for that.
    if (typeof answer === "number") msgError(received.rcvid, answer);
    else msgReply(received.rcvid, answer.status, answer.bytes);
  }

  /** The answer, or the error number to reply with. */
  #answerOrError(received: ReceivedMessage): Answer | number {
    try {
      return this.#answer(received);
    } catch (error) {
      if (error instanceof SystemError) return error.errno;
      printError(`${this.path}: ${(error as Error).message}`);
      return Errno.EIO;
    }
  }

  #answer(received: ReceivedMessage): Answer {
    const { info } = received;
    if (info.type === MessageType.open) return this.#open(received);
    const handle = this.#handles.get(info.connection);
    if (handle === undefined && !this.#handles.has(info.connection)) {
      throw new SystemError("msgSend", "use a descriptor that is not open", Errno.EBADF);
    }
    return this.#actions[info.type](handle as Handle, received);
  }

  readonly #actions: Readonly<
    Record<
      Exclude<MessageType, typeof MessageType.open>,
      (handle: Handle, received: ReceivedMessage) => Answer
    >
  > = {
    [MessageType.read]: (handle, { info }) => {
      const length = Math.min(info.dstmsglen, MAX_BYTES);
      const bytes = this.#handler("read")(handle, length, info).subarray(0, length);
      return { status: bytes.length, bytes };
    },
    [MessageType.write]: (handle, received) => ({
      status: this.#handler("write")(handle, this.#bytes(received), received.info),
    }),
    [MessageType.own]: (handle, received) =>
      this.#handler("message")(handle, this.#bytes(received), received.info),
    [MessageType.close]: (_, { info }) => {
      this.#close(info.connection);
      return { status: 0 };
    },
    [MessageType.node]: () => {
      throw new SystemError("msgSend", "act as a gateway", Errno.ENOSYS);
    },
  };

  #handler<Name extends "read" | "write" | "message">(name: Name) {
    const handler = this.#handlers[name];
    if (!handler) throw new SystemError(name, `use ${name} on ${this.path}`, Errno.ENOSYS);
    return handler.bind(this.#handlers) as NonNullable<Handlers<Handle>[Name]>;
  }

  #open(received: ReceivedMessage): Answer {
    const { info } = received;
    if (this.#handles.has(info.connection)) {
      throw new SystemError("open", `open ${this.path} twice over one connection`, Errno.EBUSY);
    }
    const flags = flagsIn(this.#bytes(received));
    this.#handles.set(info.connection, this.#handlers.open(flags, info));
    return { status: 0 };
  }

  #close(connection: number): void {
    if (!this.#handles.has(connection)) return;
    const handle = this.#handles.get(connection)!;
    this.#handles.delete(connection);
    this.#handlers.close?.(handle);
  }

  /** All bytes of a message. */
  #bytes({ rcvid, info }: ReceivedMessage): Uint8Array<ArrayBuffer> {
    if (info.srcmsglen <= this.#buffer.length) return this.#buffer.subarray(0, info.msglen);
    if (info.srcmsglen > MAX_BYTES) {
      throw new SystemError("msgSend", `receive ${info.srcmsglen} bytes`, Errno.EMSGSIZE);
    }
    const bytes = new Uint8Array(info.srcmsglen);
    return bytes.subarray(0, msgRead(rcvid, bytes));
  }
}

/** The flags in the message of `open`. @throws {SystemError} EINVAL if there are none. */
function flagsIn(bytes: Uint8Array): number {
  let flags: unknown;
  try {
    ({ flags } = JSON.parse(new TextDecoder().decode(bytes)));
  } catch { /* Without flags, below. */ }
  if (typeof flags === "number") return flags;
  throw new SystemError("open", "understand the message of a client", Errno.EINVAL);
}
