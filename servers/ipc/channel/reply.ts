/**
 * Replying (QNX Neutrino's MsgReply(), MsgError(), MsgWrite()). It never blocks, whatever the sender does.
 *
 * @module
 */
import { createMemfd, pwriteFull } from "../../posix/memory.ts";
import { type ChannelMemory, End, Slot } from "./memory.ts";
import { type Replied, REPLY_BODY_BYTES, ReplyPacket, Request } from "./packet.ts";
import { findMessage, type Found, noSender } from "./rcvid.ts";

const NOTHING = new Uint8Array();

const outgoing = new ReplyPacket();

/**
 * Replies: the sender goes on, with the status as result of its `msgSend` and those bytes in its buffer.
 *
 * @throws {SystemError} ESRCH where nobody waits for a reply to `rcvid` (any more): it was replied to, or
 * whoever sent it is gone.
 */
export function msgReply(
  rcvid: number,
  status: number,
  bytes: Uint8Array<ArrayBuffer> = NOTHING,
): void {
  reply(rcvid, "msgReply", { status, error: 0 }, bytes);
}

/**
 * Replies with an error number: the sender's `msgSend` fails with it.
 *
 * @throws {SystemError} as `msgReply`.
 */
export function msgError(rcvid: number, error: number): void {
  reply(rcvid, "msgError", { status: -1, error }, NOTHING);
}

/**
 * Writes part of a reply, which `msgReply` completes: its own bytes come first, at offset 0.
 *
 * @param offset where in the reply the bytes go.
 * @returns how many bytes there was room for in the sender's buffer.
 * @throws {SystemError} as `msgReply`.
 */
export function msgWrite(rcvid: number, bytes: Uint8Array<ArrayBuffer>, offset = 0): number {
  const { channel: { memory }, slot } = findMessage(rcvid, "msgWrite");
  const room = memory.request(slot)[Request.room]! - offset;
  const fitting = bytes.subarray(0, Math.max(0, room));
  const end = offset + fitting.length;
  pwriteFull(replyFile(memory, slot), fitting, offset);
  memory.slots.set(slot, Slot.replyLength, Math.max(memory.slots.get(slot, Slot.replyLength), end));
  return fitting.length;
}

function reply(rcvid: number, call: string, how: Replied, bytes: Uint8Array<ArrayBuffer>): void {
  const found = findMessage(rcvid, call);
  const { channel, slot } = found;
  if (!channel.inbox.claim(slot)) throw noSender(rcvid, call);
  const end = channel.memory.slots.get(slot, Slot.end);
  try {
    put(found, how, bytes);
    const isGone = channel.ends.get(end, End.isGone) === 1;
    // One reply always fits into a socket that is read to its end before it sends the next request.
    const isSent = !isGone &&
      outgoing.message.send(channel.ends.get(end, End.descriptor), false) === "sent";
    if (!isSent) throw noSender(rcvid, call);
  } finally {
    channel.inbox.release(slot);
    channel.ends.release(end);
  }
}

/** Makes the packet: what was written before and is written now, where anything was. */
function put({ channel: { memory }, slot }: Found, how: Replied, bytes: Uint8Array<ArrayBuffer>) {
  const isWritten = memory.slots.get(slot, Slot.reply) !== -1;
  if (!isWritten && bytes.length <= REPLY_BODY_BYTES) return outgoing.put(how, bytes);
  const file = replyFile(memory, slot);
  pwriteFull(file, bytes);
  const length = Math.max(memory.slots.get(slot, Slot.replyLength), bytes.length);
  outgoing.putFile(how, file, length);
}

/** The file that holds the reply; it is closed with the message. */
function replyFile({ slots }: ChannelMemory, slot: number): number {
  if (slots.get(slot, Slot.reply) === -1) {
    slots.set(slot, Slot.reply, createMemfd("herd-reply", 0));
  }
  return slots.get(slot, Slot.reply);
}
