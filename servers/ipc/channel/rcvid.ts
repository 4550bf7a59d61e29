/**
 * The numbers of received messages: whichever thread of the process has one can reply.
 *
 * @module
 */
import { Errno, SystemError } from "../../posix/errors.ts";
import { Channel } from "./channel.ts";
import { Slot, SLOTS } from "./memory.ts";

/** Messages that were in a row one after the other are told apart up to so many. */
const GENERATIONS = 2 ** 20;

function generationOf({ memory }: Channel, slot: number): number {
  return memory.slots.get(slot, Slot.generation) & (GENERATIONS - 1);
}

/** The number of the message in that row, from 1 up to 2⁵³. */
export function rcvidOf(channel: Channel, slot: number): number {
  return (channel.chid * GENERATIONS + generationOf(channel, slot)) * SLOTS + slot + 1;
}

/** A message that was received and is not replied to. */
export interface Found {
  readonly channel: Channel;
  readonly slot: number;
}

/** The message of that number. @throws {SystemError} ESRCH where nobody waits for a reply to it. */
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

/** That nobody waits for a reply. */
export function noSender(rcvid: number, call: string): SystemError {
  return new SystemError(call, `find who waits for a reply to ${rcvid}`, Errno.ESRCH);
}
