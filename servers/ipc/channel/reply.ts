/**
 * Replying (QNX Neutrino's MsgReply(), MsgError(), MsgWrite()). Replies never block.
 *
 * @module
 */
import { SystemError } from "../../posix/errors.ts";
import { createMemfd, pwriteFull } from "../../posix/memory.ts";
import { type ChannelMemory, End, Slot } from "./memory.ts";
import { type Replied, REPLY_BODY_BYTES, ReplyPacket, Request } from "./packet.ts";
import { findMessage, type Found, noSender } from "./rcvid.ts";

const NOTHING = new Uint8Array();

const outgoing = new ReplyPacket();

/**
 * Replies to a message. The sender's `msgSend` returns the status, with the bytes in its buffer.
 *
 * @returns false if the sender has terminated, which must not end its server. In QNX Neutrino this is ESRCH, too.
 * @throws {SystemError} ESRCH if no message with this `rcvid` was received, or it was replied to before.
 */
export function msgReply(
  rcvid: number,
  status: number,
  bytes: Uint8Array<ArrayBuffer> = NOTHING,
): boolean {
  return reply(rcvid, "msgReply", { status, error: 0 }, bytes);
}

/**
 * Replies with an error number. The sender's `msgSend` fails with it.
 *
 * @returns false, and throws, as `msgReply`.
 */
export function msgError(rcvid: number, error: number): boolean {
  return reply(rcvid, "msgError", { status: -1, error }, NOTHING);
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

function reply(
  rcvid: number,
  call: string,
  how: Replied,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  const found = findMessage(rcvid, call);
  const { channel, slot } = found;
  if (!channel.inbox.claim(slot)) throw noSender(rcvid, call);
  const end = channel.memory.slots.get(slot, Slot.end);
  try {
    putOrError(found, how, bytes);
    if (channel.ends.get(end, End.isGone) === 1) return false;
    channel.ends.set(end, End.isWaiting, 0);
    // A reply always fits: the sender reads it before it sends the next request.
    return outgoing.message.send(channel.ends.get(end, End.descriptor), false) === "sent";
  } finally {
    channel.inbox.release(slot);
    channel.ends.release(end);
  }
}

/** Like `put`, but with an error in place of a reply for which there is no descriptor or memory. */
function putOrError(found: Found, how: Replied, bytes: Uint8Array<ArrayBuffer>): void {
  try {
    put(found, how, bytes);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    outgoing.put({ status: -1, error: error.errno }, NOTHING);
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
