/**
 * Resource managers: servers that are found by a path, opened, read, written and closed (QNX Neutrino's
 * resmgr_attach()).
 *
 * @module
 */
import { Errno, hasErrno, printError, SystemError } from "../../posix/errors.ts";
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

/** What a reply to a client's own message is. */
export interface Answer {
  readonly status: number;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/**
 * What a resource manager does. Each may refuse by throwing a `SystemError`, whose error number the client
 * gets; what is not there is refused with ENOSYS.
 */
export interface Handlers<Handle> {
  /** A client opens the path; what is kept for it is the result (the document's OCB). */
  open(flags: number, info: MessageInfo): Handle;
  /** Up to so many bytes; none: the end. */
  read?(handle: Handle, length: number, info: MessageInfo): Uint8Array<ArrayBuffer>;
  /** Takes bytes; how many is the result. They are the handler's only until it returns. */
  write?(handle: Handle, bytes: Uint8Array<ArrayBuffer>, info: MessageInfo): number;
  /** A client's own message, by `msgSend`. */
  message?(handle: Handle, bytes: Uint8Array<ArrayBuffer>, info: MessageInfo): Answer;
  /** A client closed its descriptor, or is gone. Called once for each that was opened. */
  close?(handle: Handle): void;
  /** A pulse came. */
  pulse?(pulse: Pulse): void;
}

/** A path that is served. */
export interface ResourceManager {
  readonly chid: number;
  readonly path: string;
  /** Waits for a message or pulse and handles it. */
  handle(): void;
}

/**
 * Serves a path, in the thread that calls `handle` again and again.
 *
 * @param path absolute; a slash at its end means nothing.
 * @throws {SystemError} EEXIST where it is served already, EINVAL where it is not absolute.
 */
export function resmgrAttach<Handle>(path: string, handlers: Handlers<Handle>): ResourceManager {
  return new Manager(path, handlers);
}

/** Serves a path no more. @throws {SystemError} ESRCH where that was so before. */
export function resmgrDetach({ chid }: ResourceManager): void {
  channelDestroy(chid);
}

/** Room for a message; one that is larger gets room of its own, up to a limit. */
const USUAL_BYTES = 65536;
const MOST_BYTES = 64 * 1024 * 1024;

class Manager<Handle> implements ResourceManager {
  readonly chid: number;
  readonly path: string;
  readonly #handlers: Handlers<Handle>;
  /** What was opened, by connection. */
  readonly #handles = new Map<number, Handle>();
  readonly #buffer = new Uint8Array(USUAL_BYTES);

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
    const answer = this.#tryAnswer(received);
    try {
      if (typeof answer === "number") msgError(received.rcvid, answer);
      else msgReply(received.rcvid, answer.status, answer.bytes);
    } catch (error) {
      if (!hasErrno(error, Errno.ESRCH)) throw error;
      // The client is gone, and the channel tells that, too.
    }
  }

  /** The answer, or the error number with which the message is refused. */
  #tryAnswer(received: ReceivedMessage): Answer | number {
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
      throw new SystemError("msgSend", "use what was not opened", Errno.EBADF);
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
      const bytes = this.#handler("read")(handle, info.dstmsglen, info).subarray(0, info.dstmsglen);
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
      throw new SystemError("msgSend", "be a gateway", Errno.ENOSYS);
    },
  };

  #handler<Name extends "read" | "write" | "message">(name: Name) {
    const handler = this.#handlers[name];
    if (!handler) throw new SystemError(name, `${name} what ${this.path} is`, Errno.ENOSYS);
    return handler.bind(this.#handlers) as NonNullable<Handlers<Handle>[Name]>;
  }

  #open(received: ReceivedMessage): Answer {
    const { flags } = JSON.parse(new TextDecoder().decode(this.#bytes(received)));
    const { info } = received;
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
    if (info.srcmsglen > MOST_BYTES) {
      throw new SystemError("msgSend", `take ${info.srcmsglen} bytes`, Errno.EMSGSIZE);
    }
    const bytes = new Uint8Array(info.srcmsglen);
    return bytes.subarray(0, msgRead(rcvid, bytes));
  }
}
