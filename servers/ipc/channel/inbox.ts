/**
 * The messages of a channel that wait or are not replied to, in memory its threads share. Only who holds
 * the channel's mutex adds to them and takes from them; anyone may give up one that is replied to.
 *
 * @module
 */
import { monotonicNanoseconds, sleep } from "../../posix/clocks.ts";
import { close } from "../../posix/io.ts";
import { Priority } from "../../posix/threads.ts";
import { type ChannelMemory, End, Header, Slot, SLOTS, SlotState } from "./memory.ts";
import { PULSE, Request, type RequestPacket } from "./packet.ts";

/** The end of a message that nobody sent: a pulse of the system's. */
export const NOBODY = -1;

/** A channel's messages. */
export class Inbox {
  readonly #memory: ChannelMemory;

  constructor(memory: ChannelMemory) {
    this.#memory = memory;
  }

  /** Whether any message waits. */
  get isEmpty(): boolean {
    return this.#memory.get(Header.queued) === 0;
  }

  /** Whether there is room for another message. */
  get hasRoom(): boolean {
    return this.#free() !== -1;
  }

  /** Adds a message, or pulse, that came from that end; there has to be room. */
  add(end: number, { numbers, body, message }: RequestPacket): void {
    const slot = this.#free();
    const request = this.#memory.request(slot);
    request.set(numbers);
    const priority = request[Request.priority]!;
    request[Request.priority] = Math.min(Math.max(priority, Priority.lowest), Priority.highest);
    for (const field of [Request.length, Request.room]) {
      request[field] = Math.max(0, request[field]!);
    }
    const [file] = message.descriptors;
    if (file === undefined) {
      request[Request.length] = body.length;
      this.#memory.body(slot).set(body);
    }
    const { slots, ends } = this.#memory;
    slots.set(slot, Slot.pid, ends.get(end, End.pid));
    slots.set(slot, Slot.scoid, ends.get(end, End.scoid));
    slots.set(slot, Slot.connection, ends.get(end, End.connection));
    this.#queue(slot, end, file ?? -1);
  }

  /** Adds a pulse of the system's own. */
  addPulse(code: number, value: number, scoid: number): void {
    const slot = this.#free();
    const request = this.#memory.request(slot);
    request[Request.type] = PULSE;
    request[Request.priority] = Priority.normal;
    request[Request.code] = code;
    request[Request.value] = value;
    request[Request.tid] = request[Request.coid] = request[Request.length] = 0;
    this.#memory.setStamp(slot, monotonicNanoseconds());
    this.#memory.slots.set(slot, Slot.scoid, scoid);
    this.#memory.slots.set(slot, Slot.pid, 0);
    this.#memory.slots.set(slot, Slot.connection, 0);
    this.#queue(slot, NOBODY, -1);
  }

  /**
   * The message whose turn it is: of those with the highest priority, the one sent first. Time is the
   * same for all processes of a system, and so this is the order of arrival. −1: none waits.
   */
  next(): number {
    const { slots } = this.#memory;
    const used = this.#memory.get(Header.slotsUsed);
    let [next, highest, first, inUse, queued] = [-1, 0, 0, 0, 0];
    for (let slot = 0; slot < used; slot++) {
      const state = slots.get(slot, Slot.state);
      if (state === SlotState.free) continue;
      inUse = slot + 1;
      if (state !== SlotState.queued) continue;
      queued++;
      const priority = slots.get(slot, Slot.request + Request.priority);
      const stamp = this.#memory.stamp(slot);
      if (priority < highest || (priority === highest && stamp >= first)) continue;
      [next, highest, first] = [slot, priority, stamp];
    }
    // Counted anew: a thread that ended in the middle of this may have left them wrong.
    this.#memory.set(Header.slotsUsed, inUse);
    this.#memory.set(Header.queued, queued);
    return next;
  }

  /** Takes a message out of those that wait. */
  take(slot: number): void {
    this.#memory.add(Header.queued, -1);
    this.#memory.slots.set(slot, Slot.state, SlotState.received);
  }

  /** Whoever sent these from that end is gone: they wait no more. Pulses stay. */
  drop(end: number): void {
    const { slots } = this.#memory;
    for (let slot = 0; slot < this.#memory.get(Header.slotsUsed); slot++) {
      const isWaiting = slots.get(slot, Slot.state) === SlotState.queued;
      if (!isWaiting || slots.get(slot, Slot.end) !== end) continue;
      if (slots.get(slot, Slot.request + Request.type) === PULSE) continue;
      this.#memory.add(Header.queued, -1);
      this.release(slot);
    }
  }

  /** Whether a message is received and not replied to. */
  isUnanswered(slot: number): boolean {
    return this.#memory.slots.get(slot, Slot.state) === SlotState.received;
  }

  /** Takes an unanswered message for whoever replies; false where it is none. */
  claim(slot: number): boolean {
    return this.#memory.slots.swap(slot, Slot.state, SlotState.received, SlotState.replying);
  }

  /** Gives up all of them; `release` is told of the end of each that is not replied to. */
  removeAll(release: (end: number) => void): void {
    const { slots } = this.#memory;
    for (let slot = 0; slot < this.#memory.get(Header.slotsUsed); slot++) {
      while (slots.get(slot, Slot.state) === SlotState.replying) sleep(1);
      if (this.claim(slot)) release(slots.get(slot, Slot.end));
      if (slots.get(slot, Slot.state) !== SlotState.free) this.release(slot);
    }
  }

  /** Makes room: the message is done with. */
  release(slot: number): void {
    const { slots } = this.#memory;
    for (const file of [slots.get(slot, Slot.file), slots.get(slot, Slot.reply)]) {
      if (file !== -1) close(file);
    }
    slots.add(slot, Slot.generation, 1);
    slots.set(slot, Slot.state, SlotState.free);
    if (slot < this.#memory.get(Header.slotHint)) this.#memory.set(Header.slotHint, slot);
  }

  #queue(slot: number, end: number, file: number): void {
    const { slots } = this.#memory;
    slots.set(slot, Slot.end, end);
    slots.set(slot, Slot.file, file);
    slots.set(slot, Slot.reply, -1);
    slots.set(slot, Slot.replyLength, 0);
    this.#memory.add(Header.queued, 1);
    this.#memory.set(Header.slotsUsed, Math.max(this.#memory.get(Header.slotsUsed), slot + 1));
    this.#memory.set(Header.slotHint, slot + 1);
    slots.set(slot, Slot.state, SlotState.queued);
  }

  #free(): number {
    const hint = this.#memory.get(Header.slotHint);
    const slot = this.#freeFrom(hint, SLOTS);
    return slot === -1 ? this.#freeFrom(0, hint) : slot;
  }

  #freeFrom(first: number, end: number): number {
    const { slots } = this.#memory;
    for (let slot = first; slot < end; slot++) {
      if (slots.get(slot, Slot.state) === SlotState.free) return slot;
    }
    return -1;
  }
}
