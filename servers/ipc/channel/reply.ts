/**
 * Replying (QNX Neutrino's MsgReply(), MsgError(), MsgWrite()). Replies never block.
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
 * Replies to a message. The sender's `msgSend` returns the status, with the bytes in its buffer.
 *
 * @throws {SystemError} ESRCH if no sender waits for a reply to `rcvid`: it was replied to before, or the
 * sender has terminated.
 */
export function msgReply(
  rcvid: number,
  status: number,
  bytes: Uint8Array<ArrayBuffer> = NOTHING,
): void {
  reply(rcvid, "msgReply", { status, error: 0 }, bytes);
}

/**
 * Replies with an error number. The sender's `msgSend` fails with it.
 *
 * @throws {SystemError} as `msgReply`.
 */
export function msgError(rcvid: number, error: number): void {
  reply(rcvid, "msgError", { status: -1, error }, NOTHING);
}

/**
 * Writes a part of a reply. `msgReply` completes the reply and writes its own bytes at offset 0.
 *
 * @param offset of the bytes in the reply.
 * @returns the number of bytes that fit into the sender's buffer.
 * @throws {SystemError} as `msgReply`.
 */
export function msgWrite(rcvid: number, bytes: Uint8Array<ArrayBuffer>, offset = 0): number {
  const { channel: { memory }, slot } = findMessage(rcvid, "msgWrite");
  const capacity = memory.request(slot)[Request.replyCapacity]! - offset;
  const fitting = bytes.subarray(0, Math.max(0, capacity));
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
    // A reply always fits: the sender reads it before it sends the next request.
    const isSent = !isGone &&
      outgoing.message.send(channel.ends.get(end, End.descriptor), false) === "sent";
    if (!isSent) throw noSender(rcvid, call);
  } finally {
    channel.inbox.release(slot);
    channel.ends.release(end);
  }
}

/** Fills the packet with the bytes, or with a file of these and those written before. */
function put({ channel: { memory }, slot }: Found, how: Replied, bytes: Uint8Array<ArrayBuffer>) {
  const isWritten = memory.slots.get(slot, Slot.reply) !== -1;
  if (!isWritten && bytes.length <= REPLY_BODY_BYTES) return outgoing.put(how, bytes);
  const file = replyFile(memory, slot);
  pwriteFull(file, bytes);
  const length = Math.max(memory.slots.get(slot, Slot.replyLength), bytes.length);
  outgoing.putFile(how, file, length);
}

/** The file with the reply. It is closed with the message. */
function replyFile({ slots }: ChannelMemory, slot: number): number {
  if (slots.get(slot, Slot.reply) === -1) {
    slots.set(slot, Slot.reply, createMemfd("herd-reply", 0));
  }
  return slots.get(slot, Slot.reply);
}
