/**
 * The client side of a door.
 *
 * A door's descriptor is one end of a socket pair or connection; a pool of threads in the server polls the
 * other end. Any number of processes and threads may share the descriptor. While only the thread that opened
 * it has it, replies come over the same socket. Otherwise each call passes a socket of its own for the reply.
 *
 * @module
 */
import { AddressError, unixAddress } from "../../posix/addresses.ts";
import { SystemError } from "../../posix/errors.ts";
import { fileStatus } from "../../posix/files.ts";
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import { connect, createSocket, type SocketTimeout, SocketType } from "../../posix/sockets.ts";
import { type DoorCode, DoorError, ProcedureError } from "./errors.ts";
import {
  type DoorMessage,
  Kind,
  type ReceivedDoorMessage,
  receiveDoorMessage,
  sendDoorMessage,
} from "./message.ts";
import { INLINE_LIMIT, PASS_LIMIT } from "./message.ts";
import { addUnshared, dropUnshared, isUnshared, type Passed, passOn } from "./passing.ts";
import type { UnreferencedMode } from "./table.ts";

/** The arguments of a call. */
export interface DoorArguments extends Passed {
  /** Data for the procedure (default: none). */
  readonly data?: Uint8Array<ArrayBuffer>;
  /**
   * Expected size of the result in bytes (default 64 KiB). Up to this size, and 64 KiB, it comes in a
   * message; a larger one is complete, too, but passed as a file in memory.
   */
  readonly resultSize?: number;
}

/** The result of a call. The caller must close the descriptors. */
export interface CallResult {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly descriptors: readonly number[];
}

/** Information about a door (door_info(3C)). */
export interface DoorInfo {
  /** Process number of its server. */
  readonly target: number;
  /** A number unique among the doors of that process. */
  readonly id: number;
  /** Whether its server is this process. */
  readonly isLocal: boolean;
  /** Whether it has a pool of threads of its own. */
  readonly isPrivate: boolean;
  readonly isRevoked: boolean;
  /** When its procedure gets an unreferenced call. */
  readonly unreferenced: UnreferencedMode;
}

/**
 * Opens the door attached to a path.
 *
 * @param timeout of calls by this thread; after it, they fail with a `SystemError`, EAGAIN.
 * @returns the door's descriptor, for `doorCall` and `closeDoor`.
 * @throws {AddressError} if the path does not exist or is not a door.
 * @throws {DoorError} `EBADF` if its server has terminated.
 */
export function openDoor(path: string, timeout?: SocketTimeout): number {
  const address = unixAddress(path);
  const door = createSocket(address, SocketType.messages, timeout);
  try {
    connect(door, address);
  } catch (error) {
    close(door);
    throw openingError(path, error);
  }
  addUnshared(door);
  return door;
}

function openingError(path: string, cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  const failure = `Cannot open the door ${path}`;
  if (cause.code === "ECONNREFUSED" && isSocket(path)) {
    return new DoorError("EBADF", `${failure}: its server has terminated`, { cause });
  }
  return new AddressError(`${failure}: ${REASONS[cause.code] ?? cause.message}`, { cause });
}

/** Whether a path is a socket; an abstract name is. */
const isSocket = (path: string) => path.startsWith("\0") || fileStatus(path)?.isSocket;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the file is not a door",
  ENOENT: "there is nothing at that path",
  ENOTDIR: "there is nothing at that path",
  EACCES: "permission denied",
  EPROTOTYPE: "the socket is not a door",
};

/** Closes a door's descriptor. */
export function closeDoor(door: number): void {
  dropUnshared(door);
  close(door);
}

/**
 * Calls a door's procedure and blocks until it returns (door_call(3C)).
 *
 * @throws {ProcedureError} if it threw an error.
 * @throws {DoorError} if it could not be called, or its server or thread died.
 * @throws {SystemError} such as EAGAIN after the timeout of `openDoor`.
 * @throws {RangeError} for more than 251 descriptors.
 */
export function doorCall(
  door: number,
  { data, resultSize = INLINE_LIMIT, ...passed }: DoorArguments = {},
): CallResult {
  const count = passed.descriptors?.length ?? 0;
  if (count > PASS_LIMIT) {
    throw new RangeError(`Cannot pass ${count} descriptors: the maximum is ${PASS_LIMIT}`);
  }
  return passOn(passed, (descriptors) => {
    const result = transact(door, { kind: Kind.call, data, inlineLimit: resultSize, descriptors });
    for (const descriptor of result.descriptors) dropUnshared(descriptor);
    return { data: result.data, descriptors: result.descriptors };
  });
}

/** Information about a door (door_info(3C)). @throws {DoorError} as `doorCall`. */
export function doorInfo(door: number): DoorInfo {
  const { data } = transact(door, { kind: Kind.info });
  const info = JSON.parse(new TextDecoder().decode(data));
  return { ...info, isLocal: info.target === Deno.pid };
}

/** Sends a message and waits for the reply. */
function transact(door: number, message: DoorMessage): ReceivedDoorMessage {
  if (isUnshared(door)) return checkReply(door, transactDirectly(door, message));
  const [own, replyTo] = messagePair();
  try {
    try {
      send(door, { ...message, replyTo });
    } finally {
      close(replyTo);
    }
    return checkReply(door, receiveDoorMessage(own));
  } finally {
    close(own);
  }
}

function transactDirectly(door: number, message: DoorMessage): ReceivedDoorMessage | "closed" {
  send(door, message);
  try {
    return receiveDoorMessage(door);
  } catch (error) {
    // After the timeout a late reply must not be taken for that of the next call.
    dropUnshared(door);
    throw error;
  }
}

/** Errors of sendmsg(2) for a descriptor that is not a door. */
const NOT_A_DOOR = new Set(["EBADF", "ENOTSOCK", "ENOTCONN", "EOPNOTSUPP"]);

function send(door: number, message: DoorMessage): void {
  let sent;
  try {
    sent = sendDoorMessage(door, message);
  } catch (error) {
    if (!(error instanceof SystemError) || !NOT_A_DOOR.has(error.code)) throw error;
    const or = message.descriptors?.length ? ", or one to pass is not open" : "";
    throw new DoorError("EBADF", `Cannot call door ${door}: the descriptor is not a door${or}`);
  }
  if (sent === "closed") {
    throw new DoorError(
      "EBADF",
      `Cannot call door ${door}: it was revoked, or its server has terminated`,
    );
  }
}

/** Returns a reply, or throws the error that it reports. */
function checkReply(door: number, reply: ReceivedDoorMessage | "closed"): ReceivedDoorMessage {
  if (reply === "closed") {
    throw new DoorError("EINTR", `Cannot complete the call of door ${door}: its server terminated`);
  }
  if (!reply.isComplete) {
    reply.descriptors.forEach(close);
    const reason = "this process could not receive the descriptors or data of the result";
    throw new DoorError("EMFILE", `Cannot complete the call of door ${door}: ${reason}`);
  }
  const text = () => new TextDecoder().decode(reply.data);
  if (reply.kind === Kind.failed) throw new ProcedureError(text());
  if (reply.kind === Kind.refused) {
    const [code, ...reason] = text().split(" ");
    throw new DoorError(code as DoorCode, `Cannot call door ${door}: ${reason.join(" ")}`);
  }
  return reply;
}
