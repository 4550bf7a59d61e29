/**
 * The messages of a channel that are queued or not replied to, in memory shared by its threads. Only the thread
 * that holds the channel's mutex adds and receives messages; any thread may release one it has replied to.
 *
 * @module
 */
import { monotonicNanoseconds, sleep } from "../../posix/clocks.ts";
import { close } from "../../posix/io.ts";
import { Priority } from "../../posix/threads.ts";
import { type ChannelMemory, End, Header, Slot, SLOTS, SlotState } from "./memory.ts";
import { PULSE, Request, type RequestPacket } from "./packet.ts";

/** Stands for the sender's row in a pulse of the system. */
export const NO_END = -1;

/**
 * Maximum number of queued messages of one connection. Further ones wait in its socket, so that it cannot keep
 * others out of the rows.
 */
const QUEUE_LIMIT = 1024;

/** The messages of a channel. */
export class Inbox {
  readonly #memory: ChannelMemory;

  constructor(memory: ChannelMemory) {
    this.#memory = memory;
  }

  /** Whether no message is queued. */
  get isEmpty(): boolean {
    return this.#memory.get(Header.queued) === 0;
  }

  /** Whether a row is free. */
  get hasRoom(): boolean {
    return this.#findFree() !== -1;
  }

  /** Whether a row is free for a connection. */
  hasRoomFor(end: number): boolean {
    return this.#memory.ends.get(end, End.queued) < QUEUE_LIMIT && this.hasRoom;
  }

  /** Queues a message or pulse from a client; a row must be free. */
  add(end: number, { numbers, body, message }: RequestPacket): void {
    const slot = this.#findFree();
    const request = this.#memory.request(slot);
    request.set(numbers);
    const priority = request[Request.priority]!;
    request[Request.priority] = Math.min(Math.max(priority, Priority.lowest), Priority.highest);
    for (const field of [Request.length, Request.replyCapacity]) {
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

  /** Queues a pulse of the system; a row must be free. */
  addPulse(code: number, value: number, scoid: number): void {
    const slot = this.#findFree();
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
    this.#queue(slot, NO_END, -1);
  }

  /**
   * The row of the next message: of those with the highest priority, the one sent first; −1 if none is queued.
   * All processes share the clock, so this is the order of arrival.
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
    // Recount: a thread that died in the middle of this may have left wrong numbers.
    this.#memory.set(Header.slotsUsed, inUse);
    this.#memory.set(Header.queued, queued);
    return next;
  }

  /** Marks a queued message as received. */
  markReceived(slot: number): void {
    this.#unqueue(slot);
    this.#memory.slots.set(slot, Slot.state, SlotState.received);
  }

  #unqueue(slot: number): void {
    this.#memory.add(Header.queued, -1);
    const end = this.#memory.slots.get(slot, Slot.end);
    if (end !== NO_END) this.#memory.ends.add(end, End.queued, -1);
  }

  /** Removes the queued messages of a client that has disconnected. Its pulses stay. */
  dropMessages(end: number): void {
    const { slots } = this.#memory;
    for (let slot = 0; slot < this.#memory.get(Header.slotsUsed); slot++) {
      const isWaiting = slots.get(slot, Slot.state) === SlotState.queued;
      if (!isWaiting || slots.get(slot, Slot.end) !== end) continue;
      if (slots.get(slot, Slot.request + Request.type) === PULSE) continue;
      this.#unqueue(slot);
      this.release(slot);
    }
  }

  /** Whether a message was received and not replied to. */
  isUnanswered(slot: number): boolean {
    return this.#memory.slots.get(slot, Slot.state) === SlotState.received;
  }

  /** Claims an unanswered message for a reply; false if it is none. */
  claim(slot: number): boolean {
    return this.#memory.slots.swap(slot, Slot.state, SlotState.received, SlotState.replying);
  }

  /** Removes all messages; calls `release` with the client's row of each unanswered one. */
  removeAll(release: (end: number) => void): void {
    const { slots } = this.#memory;
    for (let slot = 0; slot < this.#memory.get(Header.slotsUsed); slot++) {
      while (slots.get(slot, Slot.state) === SlotState.replying) sleep(1);
      if (this.claim(slot)) release(slots.get(slot, Slot.end));
      if (slots.get(slot, Slot.state) !== SlotState.free) this.release(slot);
    }
  }

  /** Frees the row of a message. */
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
    if (end !== NO_END) this.#memory.ends.add(end, End.queued, 1);
    this.#memory.set(Header.slotsUsed, Math.max(this.#memory.get(Header.slotsUsed), slot + 1));
    this.#memory.set(Header.slotHint, slot + 1);
    slots.set(slot, Slot.state, SlotState.queued);
  }

  #findFree(): number {
    const hint = this.#memory.get(Header.slotHint);
    const slot = this.#findFreeBetween(hint, SLOTS);
    return slot === -1 ? this.#findFreeBetween(0, hint) : slot;
  }

  #findFreeBetween(first: number, end: number): number {
    const { slots } = this.#memory;
    for (let slot = first; slot < end; slot++) {
      if (slots.get(slot, Slot.state) === SlotState.free) return slot;
    }
    return -1;
  }
}
