/**
 * Connections. A connection is a socket; its number is derived from the descriptor. It can only be used by the
 * thread that attached it and lasts until it is detached or its process terminates.
 *
 * @module
 */
import type { SocketAddress } from "../../posix/addresses.ts";
import { monotonicNanoseconds } from "../../posix/clocks.ts";
import { clearCloseOnExec, renumber } from "../../posix/descriptors.ts";
import { Errno, hasErrno, SystemError } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import { peerCredentials, type Sent } from "../../posix/messages.ts";
import { gettid } from "../../posix/processes.ts";
import { bind, createSocket, SocketType, tryConnect } from "../../posix/sockets.ts";
import { threadPriority } from "../../posix/threads.ts";
import { connectionAddress, isTrusted } from "./addresses.ts";
import { notifyAttached } from "./attached.ts";
import { ConnectFlag, type MessageType, SIDE_CHANNEL } from "./flags.ts";
import { PULSE, ReplyPacket, Request, RequestPacket } from "./packet.ts";

/** The connections attached by this thread. */
const attached = new Map<number, { readonly socket: number; readonly tid: number }>();

/** Stands for the priority of this thread. */
const OWN_PRIORITY = -1;

const NOTHING = new Uint8Array();

const outgoing = new RequestPacket();
const incoming = new ReplyPacket();

/** How to attach, with call and action for errors. */
export interface AttachOptions {
  readonly index: number;
  readonly flags: number;
  readonly call: string;
  readonly action: string;
}

/** Connects to an address. @throws {SystemError} ECONNREFUSED without listener; EACCES if it is another user's. */
export function attach(
  address: SocketAddress,
  { index, flags, call, action }: AttachOptions,
): number {
  let socket = createSocket(address, SocketType.messages);
  const isSide = (index & SIDE_CHANNEL) !== 0;
  if (!isSide && socket < index) socket = renumber(socket, index);
  const coid = isSide ? socket | SIDE_CHANNEL : socket;
  try {
    bind(socket, connectionAddress(coid), action);
    const error = tryConnect(socket, address);
    if (error !== 0) throw new SystemError(call, action, error);
    if (!isTrusted(peerCredentials(socket))) throw new SystemError(call, action, Errno.EACCES);
    if ((flags & ConnectFlag.CLOEXEC) === 0) clearCloseOnExec(socket);
    notifyAttached();
  } catch (error) {
    close(socket);
    throw error;
  }
  attached.set(coid, { socket, tid: gettid() });
  return coid;
}

/** Like `attach`, with the error number `missing` in place of ECONNREFUSED. */
export function attachOr(missing: number, address: SocketAddress, how: AttachOptions): number {
  try {
    return attach(address, how);
  } catch (error) {
    if (!hasErrno(error, Errno.ECONNREFUSED)) throw error;
    throw new SystemError(how.call, how.action, missing);
  }
}

/** Detaches a connection. @throws {SystemError} EBADF if this thread has none with that number. */
export function detach(coid: number, call: string): void {
  close(connectionOf(coid, call).socket);
  attached.delete(coid);
}

/** A message to send, and the buffer for its reply. */
export interface Transaction {
  readonly call: string;
  readonly type: MessageType;
  readonly message: Uint8Array<ArrayBuffer>;
  readonly reply: Uint8Array<ArrayBuffer>;
}

/** Sends a message of any type and waits for the reply; see `msgSend`. */
export function transact(coid: number, transaction: Transaction): number {
  send(coid, transaction);
  return awaitReply(coid, transaction);
}

/** The first half of `transact`. @throws {SystemError} EBADF as `msgSend`. */
export function send(coid: number, { call, type, message, reply }: Transaction): void {
  const socket = startRequest(coid, call, type, OWN_PRIORITY);
  outgoing.numbers[Request.replyCapacity] = reply.length;
  outgoing.put(message);
  const how = outgoing.message.send(socket);
  outgoing.message.closeDescriptors();
  if (how !== "sent") throw new SystemError(call, `send to connection ${coid}`, Errno.EBADF);
}

/** The second half of `transact`. @throws {SystemError} ESRCH or the server's error, as `msgSend`. */
export function awaitReply(coid: number, { call, reply }: Transaction): number {
  if (incoming.message.receive(connectionOf(coid, call).socket) !== "message") {
    throw new SystemError(call, `wait for a reply on connection ${coid}`, Errno.ESRCH);
  }
  const { status, error } = incoming.unpack(reply);
  if (error !== 0) throw new SystemError(call, `send to connection ${coid}`, error);
  return status;
}

/** Sends a pulse without blocking. */
export function sendPulse(
  coid: number,
  call: string,
  { priority, code, value }: { priority: number; code: number; value: number },
): Sent {
  const socket = startRequest(coid, call, PULSE, priority);
  outgoing.numbers[Request.code] = code;
  outgoing.numbers[Request.value] = value;
  outgoing.put(NOTHING);
  return outgoing.message.send(socket, false);
}

/** Writes the header of a request. Returns the socket of its connection. */
function startRequest(coid: number, call: string, type: number, priority: number): number {
  const { socket, tid } = connectionOf(coid, call);
  const { numbers } = outgoing;
  numbers[Request.type] = type;
  numbers[Request.priority] = priority === OWN_PRIORITY ? threadPriority() : priority;
  numbers[Request.tid] = tid;
  numbers[Request.coid] = coid;
  outgoing.stamp = monotonicNanoseconds();
  return socket;
}

function connectionOf(coid: number, call: string) {
  const connection = attached.get(coid);
  if (connection) return connection;
  throw new SystemError(call, `use ${coid} as a connection of this thread`, Errno.EBADF);
}
