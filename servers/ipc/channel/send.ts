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
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "./flags.ts";
import { attachRemote, LOCAL_NODE } from "./nodes.ts";

/** Most a pulse's code may be; negative ones are the system's. */
const HIGHEST_CODE = 127;

const NOTHING = new Uint8Array();

/**
 * Connects this thread to a channel.
 *
 * @param nd the node; 0 is this one, others come from `nodeDescriptor`.
 * @param pid the process that has the channel; 0 is this one.
 * @param index `SIDE_CHANNEL`, which should always be there: the number is greater than any descriptor's,
 * and the rest of the index means nothing. Without it, the number is the lowest free descriptor from
 * `index` on.
 * @param flags of `ConnectFlag`.
 * @returns the connection's number (coid).
 * @throws {SystemError} ESRCH where there is no such node, process or channel (for this user, or because
 * it is private to its process), EINVAL for flags or an index it does not know.
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

/** A channel's address. Private ones have one that only their own process knows. */
function localAddress(pid: number, chid: number): SocketAddress {
  if (pid !== 0 && pid !== getpid()) return channelAddress(pid, chid);
  return unixAddress(boundAddress(Channel.find(chid, "connectAttach").listener).host);
}

/** Ends a connection. @throws {SystemError} EBADF where this thread has none of that number. */
export function connectDetach(coid: number): void {
  detach(coid, "connectDetach");
}

/**
 * Sends a message and waits until it is replied to: first until somebody receives it (SEND-blocked), then
 * until they reply (REPLY-blocked).
 *
 * @param reply where the reply's bytes go, as far as there is room.
 * @returns the status of the reply.
 * @throws {SystemError} EBADF where this thread has no such connection, or its channel is gone; ESRCH where
 * the channel, or its process, went while this waited; the error that the server replied with.
 */
export function msgSend(
  coid: number,
  message: Uint8Array<ArrayBuffer>,
  reply: Uint8Array<ArrayBuffer> = NOTHING,
): number {
  return transact(coid, { call: "msgSend", type: MessageType.own, message, reply });
}

/**
 * Sends a pulse, and does not wait: neither for whoever receives it nor for room.
 *
 * @param priority on the scale of `MessageInfo`; −1: this thread's.
 * @param code 0 to 127.
 * @param value 32 bits.
 * @throws {SystemError} EBADF as `msgSend`, EINVAL for a code out of its range, EAGAIN where more pulses
 * wait than there is room for.
 */
export function msgSendPulse(coid: number, priority: number, code: number, value: number): void {
  const action = `send a pulse to connection ${coid}`;
  const isCode = code >= 0 && code <= HIGHEST_CODE;
  if (!isCode) throw new SystemError("msgSendPulse", action, Errno.EINVAL);
  const how = sendPulse(coid, "msgSendPulse", { priority, code, value });
  if (how === "sent") return;
  throw new SystemError("msgSendPulse", action, how === "full" ? Errno.EAGAIN : Errno.EBADF);
}
