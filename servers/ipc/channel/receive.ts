/**
 * Receiving (QNX Neutrino's MsgReceive(), MsgRead()).
 *
 * @module
 */
import { preadFull } from "../../posix/memory.ts";
import { Channel } from "./channel.ts";
import { ChannelFlag, type MessageType } from "./flags.ts";
import { NOBODY } from "./inbox.ts";
import { type ChannelMemory, Slot } from "./memory.ts";
import { PULSE, Request } from "./packet.ts";
import { takeOn } from "./priority.ts";
import { findMessage, rcvidOf } from "./rcvid.ts";

/** Who sent what was received, and how (`struct _msg_info`). */
export interface MessageInfo {
  /** The process that sent it. */
  readonly pid: number;
  /** Its thread. */
  readonly tid: number;
  readonly chid: number;
  /** The number this channel has given that process. */
  readonly scoid: number;
  /** The number of the connection in that process. */
  readonly coid: number;
  /** The number this channel has given the connection, and gives no other. */
  readonly connection: number;
  /** Bytes that were put into the buffer. */
  readonly msglen: number;
  /** Bytes of the whole message; `msgRead` gets at the others. */
  readonly srcmsglen: number;
  /** Bytes there is room for in the reply. */
  readonly dstmsglen: number;
  /** The sender's: 1 to 40 is 20 − its nice value, from 41 on it is 40 + a real-time priority. */
  readonly priority: number;
  /**
   * Whether this thread runs with that priority now: `taken`; `fixed`, it keeps its own, since the channel
   * has FIXED_PRIORITY or the system sent the pulse; `refused`, the system does not permit it
   * (CAP_SYS_NICE, RLIMIT_NICE).
   */
  readonly inheritance: "taken" | "fixed" | "refused";
  /** What the message is for: 0, the program's own. */
  readonly type: MessageType;
}

/** A small message to which nobody replies (`struct _pulse`). */
export interface Pulse {
  /** From 0 to 127: a program's; negative: of `PulseCode`. */
  readonly code: number;
  readonly value: number;
  /** The number the channel has given the process that it is from, or about. */
  readonly scoid: number;
}

/** What was received: a message, or a pulse. */
export type Received = ReceivedMessage | ReceivedPulse;

/** A message; its sender waits until it is replied to. */
export interface ReceivedMessage {
  /** What to reply to. */
  readonly rcvid: number;
  readonly pulse?: undefined;
  readonly info: MessageInfo;
}

/** A pulse. */
export interface ReceivedPulse {
  /** There is nothing to reply to. */
  readonly rcvid: 0;
  readonly pulse: Pulse;
  readonly info: MessageInfo;
}

/**
 * Waits for the message, or pulse, whose turn it is: by priority, then in the order of arrival. Any number
 * of threads may receive on a channel; each message goes to one of them.
 *
 * @param buffer where its bytes go; the rest of a larger message is there for `msgRead`.
 * @throws {SystemError} ESRCH where this process has no such channel, or it is destroyed meanwhile.
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
    memory.slots.get(slot, Slot.end) === NOBODY;
  const info: MessageInfo = {
    pid: memory.slots.get(slot, Slot.pid),
    tid: request[Request.tid]!,
    chid,
    scoid: memory.slots.get(slot, Slot.scoid),
    coid: request[Request.coid]!,
    connection: memory.slots.get(slot, Slot.connection),
    msglen,
    srcmsglen: request[Request.length]!,
    dstmsglen: request[Request.room]!,
    priority,
    inheritance: isFixed ? "fixed" : takeOn(priority) ? "taken" : "refused",
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
 * Reads more of a message that is not replied to yet.
 *
 * @param offset first byte of the message to read.
 * @returns how many bytes were put into the buffer.
 * @throws {SystemError} ESRCH where nobody waits for a reply to `rcvid`.
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

/** What a client sends as a file need not be one: it is its message that is empty then. */
function tryReadFile(file: number, room: Uint8Array<ArrayBuffer>, offset: number): number {
  try {
    return preadFull(file, room, offset);
  } catch {
    return 0;
  }
}
