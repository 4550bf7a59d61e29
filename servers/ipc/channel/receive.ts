/**
 * Receiving (QNX Neutrino's MsgReceive(), MsgRead()).
 *
 * @module
 */
import { preadFull } from "../../posix/memory.ts";
import { Channel } from "./channel.ts";
import { ChannelFlag, type MessageType } from "./flags.ts";
import { NO_END } from "./inbox.ts";
import { type ChannelMemory, Slot } from "./memory.ts";
import { PULSE, Request } from "./packet.ts";
import { inheritPriority } from "./priority.ts";
import { findMessage, rcvidOf } from "./rcvid.ts";

/** Information about a received message (`struct _msg_info`). */
export interface MessageInfo {
  /** The sender's process. */
  readonly pid: number;
  /** The sender's thread. */
  readonly tid: number;
  readonly chid: number;
  /** This channel's number for the sender's process. */
  readonly scoid: number;
  /** The connection's number in that process. */
  readonly coid: number;
  /** This channel's unique number for the connection. */
  readonly connection: number;
  /** Number of bytes copied into the buffer. */
  readonly msglen: number;
  /** Length of the whole message in bytes; `msgRead` reads the rest. */
  readonly srcmsglen: number;
  /** Size of the sender's reply buffer in bytes. */
  readonly dstmsglen: number;
  /** The sender's priority: 1 to 40 is 20 − its nice value, from 41 on 40 + its real-time priority. */
  readonly priority: number;
  /**
   * Whether this thread runs with that priority now. `taken`: it does. `fixed`: it keeps its own, because the
   * channel has FIXED_PRIORITY or the system sent the pulse. `refused`: it is not permitted (CAP_SYS_NICE,
   * RLIMIT_NICE).
   */
  readonly inheritance: "taken" | "fixed" | "refused";
  /** The type of the message; 0: the program's own. */
  readonly type: MessageType;
}

/** A small message without a reply (`struct _pulse`). */
export interface Pulse {
  /** 0 to 127: a program's; negative: of `PulseCode`. */
  readonly code: number;
  readonly value: number;
  /** The channel's number for the process that sent it, or that it is about. */
  readonly scoid: number;
}

/** A received message or pulse. */
export type Received = ReceivedMessage | ReceivedPulse;

/** A received message. Its sender is blocked until the reply. */
export interface ReceivedMessage {
  /** The number for `msgReply`. */
  readonly rcvid: number;
  readonly pulse?: undefined;
  readonly info: MessageInfo;
}

/** A received pulse. */
export interface ReceivedPulse {
  /** A pulse has no reply. */
  readonly rcvid: 0;
  readonly pulse: Pulse;
  readonly info: MessageInfo;
}

/**
 * Receives the next message or pulse, by priority and then in the order of arrival, and blocks until there is
 * one. Any number of threads may receive on a channel; each message is received by one of them.
 *
 * @param buffer for the message's bytes; `msgRead` reads the rest of a larger one.
 * @throws {SystemError} ESRCH if this process has no such channel, or when it is destroyed.
 */
export function msgReceive(chid: number, buffer: Uint8Array<ArrayBuffer>): Received {
  const channel = Channel.find(chid, "msgReceive");
  const slot = channel.take();
  const { memory } = channel;
  const request = memory.request(slot);
  const isPulse = request[Request.type] === PULSE;
  const msglen = isPulse ? 0 : copy(memory, slot, buffer, 0);
  const priority = request[Request.priority]!;
  const isFixed = channel.has(ChannelFlag.FIXED_PRIORITY) ||
    memory.slots.get(slot, Slot.end) === NO_END;
  const info: MessageInfo = {
    pid: memory.slots.get(slot, Slot.pid),
    tid: request[Request.tid]!,
    chid,
    scoid: memory.slots.get(slot, Slot.scoid),
    coid: request[Request.coid]!,
    connection: memory.slots.get(slot, Slot.connection),
    msglen,
    srcmsglen: request[Request.length]!,
    dstmsglen: request[Request.replyCapacity]!,
    priority,
    inheritance: isFixed ? "fixed" : inheritPriority(priority) ? "taken" : "refused",
    type: isPulse ? 0 : request[Request.type]! as MessageType,
  };
  if (!isPulse) return { rcvid: rcvidOf(channel, slot), info };
  const pulse = {
    code: request[Request.code]!,
    value: request[Request.value]!,
    scoid: info.scoid,
  };
  channel.inbox.release(slot);
  return { rcvid: 0, pulse, info };
}

/**
 * Reads a part of a message before it is replied to.
 *
 * @param offset the first byte of the message to read.
 * @returns the number of bytes copied into the buffer.
 * @throws {SystemError} ESRCH if no sender waits for a reply to `rcvid`.
 */
export function msgRead(rcvid: number, buffer: Uint8Array<ArrayBuffer>, offset = 0): number {
  const { channel, slot } = findMessage(rcvid, "msgRead");
  return copy(channel.memory, slot, buffer, offset);
}

function copy(
  memory: ChannelMemory,
  slot: number,
  buffer: Uint8Array<ArrayBuffer>,
  offset: number,
): number {
  const left = memory.request(slot)[Request.length]! - offset;
  const room = buffer.subarray(0, Math.min(Math.max(left, 0), buffer.length));
  const file = memory.slots.get(slot, Slot.file);
  if (file !== -1) return tryReadFile(file, room, offset);
  room.set(memory.body(slot).subarray(offset, offset + room.length));
  return room.length;
}

/** Reads a file passed by a client. If the descriptor is not a file, the message is empty. */
function tryReadFile(file: number, room: Uint8Array<ArrayBuffer>, offset: number): number {
  try {
    return preadFull(file, room, offset);
  } catch {
    return 0;
  }
}
