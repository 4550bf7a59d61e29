/**
 * Numbers of received messages (rcvid), with which any thread of the process can reply.
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { Channel } from "./channel.ts";
import { Slot, SLOTS } from "./memory.ts";

/** Number of successive messages in a row that can be distinguished. */
const GENERATIONS = 2 ** 20;

function generationOf({ memory }: Channel, slot: number): number {
  return memory.slots.get(slot, Slot.generation) & (GENERATIONS - 1);
}

/** The number of the message in a row, from 1 to 2⁵³. */
export function rcvidOf(channel: Channel, slot: number): number {
  return (channel.chid * GENERATIONS + generationOf(channel, slot)) * SLOTS + slot + 1;
}

/** A received message without a reply. */
export interface Found {
  readonly channel: Channel;
  readonly slot: number;
}

/** The message with that number. @throws {SystemError} ESRCH if no sender waits for its reply. */
export function findMessage(rcvid: number, call: string): Found {
  const slot = (rcvid - 1) % SLOTS;
  const rest = Math.floor((rcvid - 1) / SLOTS);
  if (rcvid > 0) {
    const channel = Channel.find(Math.floor(rest / GENERATIONS), call);
    const isIt = generationOf(channel, slot) === rest % GENERATIONS;
    if (isIt && channel.inbox.isUnanswered(slot)) return { channel, slot };
  }
  throw noSender(rcvid, call);
}

/** The error for a message whose sender does not wait for a reply. */
export function noSender(rcvid: number, call: string): SystemError {
  return new SystemError(call, `find the sender waiting for a reply to ${rcvid}`, Errno.ESRCH);
}
