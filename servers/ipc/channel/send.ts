/**
 * Sending (QNX Neutrino's ConnectAttach(), ConnectDetach(), MsgSend() and MsgSendPulse()).
 *
 * @module
 */
import { boundAddress, type SocketAddress, unixAddress } from "../../posix/addresses.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import { getpid } from "../../posix/processes.ts";
import { channelAddress } from "./addresses.ts";
import { Channel } from "./channel.ts";
import { attachOr, detach, sendPulse, transact } from "./connection.ts";
import { ConnectFlag, HIGHEST_CODE, MessageType, SIDE_CHANNEL } from "./flags.ts";
import { attachRemote, LOCAL_NODE } from "./nodes.ts";

const NOTHING = new Uint8Array();

/**
 * Connects this thread to a channel.
 *
 * @param nd the node: 0 for this one, or a descriptor of `nodeDescriptor`.
 * @param pid the process of the channel; 0: this one.
 * @param index with `SIDE_CHANNEL` (recommended) the connection's number is larger than every descriptor;
 * otherwise it is the lowest free descriptor from `index` on.
 * @param flags of `ConnectFlag`.
 * @returns the connection's number (coid).
 * @throws {SystemError} ESRCH if there is no such process or channel of this user, or if the channel is
 * private to another process; EHOSTUNREACH if the node cannot be reached; EINVAL for unknown flags or a
 * negative index.
 */
export function connectAttach(
  nd: number,
  pid: number,
  chid: number,
  index: number = SIDE_CHANNEL,
  flags: number = ConnectFlag.CLOEXEC,
): number {
  const action = `attach to channel ${chid} of process ${pid}`;
  const isKnown = (flags & ~ConnectFlag.CLOEXEC) === 0 && index >= 0;
  if (!isKnown) throw new SystemError("connectAttach", action, Errno.EINVAL);
  const how = { index, flags, call: "connectAttach", action };
  if (nd !== LOCAL_NODE) return attachRemote(nd, { pid, chid }, how);
  return attachOr(Errno.ESRCH, localAddress(pid, chid), how);
}

/** The address of a channel; that of a private one is only known to its own process. */
function localAddress(pid: number, chid: number): SocketAddress {
  if (pid !== 0 && pid !== getpid()) return channelAddress(pid, chid);
  return unixAddress(boundAddress(Channel.find(chid, "connectAttach").listener).host);
}

/** Detaches a connection. @throws {SystemError} EBADF if this thread has none with that number. */
export function connectDetach(coid: number): void {
  detach(coid, "connectDetach");
}

/**
 * Sends a message and blocks until a server has received it (SEND-blocked) and replied (REPLY-blocked).
 *
 * @param reply a buffer for the reply's bytes; bytes that do not fit are dropped.
 * @returns the status of the reply.
 * @throws {SystemError} EBADF if this thread has no such connection or its channel is destroyed; ESRCH if the
 * channel is destroyed, or its process dies, during the call; or the error of `msgError`.
 */
export function msgSend(
  coid: number,
  message: Uint8Array<ArrayBuffer>,
  reply: Uint8Array<ArrayBuffer> = NOTHING,
): number {
  return transact(coid, { call: "msgSend", type: MessageType.own, message, reply });
}

/**
 * Sends a pulse without blocking.
 *
 * @param priority on the scale of `MessageInfo`; −1: this thread's.
 * @param code 0 to 127.
 * @param value 32 bits.
 * @throws {SystemError} EBADF as `msgSend`, EINVAL for another code, EAGAIN if the channel's buffer for pulses
 * is full.
 */
export function msgSendPulse(coid: number, priority: number, code: number, value: number): void {
  const action = `send a pulse to connection ${coid}`;
  const isCode = code >= 0 && code <= HIGHEST_CODE;
  if (!isCode) throw new SystemError("msgSendPulse", action, Errno.EINVAL);
  const how = sendPulse(coid, "msgSendPulse", { priority, code, value });
  if (how === "sent") return;
  throw new SystemError("msgSendPulse", action, how === "full" ? Errno.EAGAIN : Errno.EBADF);
}
