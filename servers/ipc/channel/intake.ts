/**
 * What arrives at a channel: connections, messages, pulses, and the ends of all three. Only who holds the
 * channel's mutex takes it in.
 *
 * @module
 */
import { sleep } from "../../posix/clocks.ts";
import { type LevelEpoll, MAX_EVENTS } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { peerCredentials } from "../../posix/messages.ts";
import { getpid } from "../../posix/processes.ts";
import { tryAccept } from "../../posix/sockets.ts";
import { isOurs } from "./addresses.ts";
import { attachedConnections, drainAttachNotifications } from "./attached.ts";
import type { Ends } from "./ends.ts";
import { ChannelFlag, PulseCode, SIDE_CHANNEL } from "./flags.ts";
import type { Inbox } from "./inbox.ts";
import { type ChannelMemory, End, EndKind, Header } from "./memory.ts";
import { PULSE, Request, REQUEST_BYTES, RequestPacket } from "./packet.ts";

/** What a resource manager asks for: a pulse CLOSED for every connection that ends. */
export const CLOSED_PULSES = 1 << 30;

/** Tags of this process's own connections, which the channel watches and does not own. */
const ATTACHED = 2 ** 31;

/** How long to leave a channel alone that has no room for a message because none is replied to. */
const FULL_MS = 1;

/** How long clients wait, for whom there was no descriptor, before it is tried again. */
const STARVED_MS = 10;

const incoming = new RequestPacket();

/** Takes in what has arrived on a descriptor; says so where it is a new client. */
type Taker = (
  intake: Intake,
  end: number,
  descriptor: number,
  isEnded: boolean,
) => "client" | void;

/** Takes in what arrives at one channel. */
export class Intake {
  readonly #memory: ChannelMemory;
  readonly #ready: LevelEpoll;
  readonly #ends: Ends;
  readonly #inbox: Inbox;

  constructor(memory: ChannelMemory, ready: LevelEpoll, ends: Ends, inbox: Inbox) {
    this.#memory = memory;
    this.#ready = ready;
    this.#ends = ends;
    this.#inbox = inbox;
  }

  /** Takes in what has arrived; waits for something to arrive where `wait` is set. */
  gather(wait: boolean): void {
    if (!this.#inbox.hasRoom) {
      if (wait) sleep(FULL_MS);
      return;
    }
    const isStarved = this.#ends.isStarved;
    let milliseconds = !wait ? 0 : isStarved ? STARVED_MS : -1;
    for (let isMore = true; isMore && this.#inbox.hasRoom; milliseconds = 0) {
      const count = this.#ready.wait(milliseconds);
      isMore = count === MAX_EVENTS;
      for (let i = 0; i < count; i++) {
        // A new client may have sent already, and another may wait behind it.
        if (this.#take(i) === "client") isMore = true;
      }
    }
    if (wait && isStarved) this.#ends.feed();
  }

  /** Watches the connections of this process that it does not watch yet. */
  watchAttached(): void {
    for (const coid of attachedConnections()) {
      const isSide = coid >= SIDE_CHANNEL ? 1 : 0;
      this.#ready.addForHangUp(coid & ~SIDE_CHANNEL, ATTACHED + isSide);
    }
  }

  #take(index: number): "client" | void {
    // What finds no room stays where it is, and is told of again.
    if (!this.#inbox.hasRoom) return;
    const [tag, descriptor] = [this.#ready.tag(index), this.#ready.descriptor(index)];
    if (tag < ATTACHED) {
      const take = Intake.#takers[this.#ends.get(tag, End.kind) as EndKind];
      return take(this, tag, descriptor, this.#ready.isHungUp(index));
    }
    const coid = descriptor | (tag & 1 ? SIDE_CHANNEL : 0);
    this.#inbox.addPulse(PulseCode.COIDDEATH, coid, 0);
  }

  /** What is done when a descriptor is ready, by its kind. */
  static readonly #takers: Readonly<Record<EndKind, Taker>> = {
    [EndKind.listener]: (intake, _, listener) => intake.#accept(listener),
    [EndKind.client]: (intake, end, connection, isEnded) => intake.#drain(end, connection, isEnded),
    [EndKind.thread]: (intake, end) => {
      intake.#inbox.addPulse(PulseCode.THREADDEATH, intake.#ends.get(end, End.pid), 0);
      intake.#ends.remove(end);
    },
    [EndKind.attached]: (intake, _, socket) => {
      drainAttachNotifications(socket);
      intake.watchAttached();
    },
  };

  #accept(listener: number): "client" | void {
    const connection = tryAccept(listener);
    if (connection === -1) return this.#ends.starve();
    this.#welcome(connection);
    return "client";
  }

  #welcome(connection: number): void {
    const peer = peerCredentials(connection);
    const { pid } = peer;
    const isWelcome = this.#has(ChannelFlag.PRIVATE) ? pid === getpid() : isOurs(peer);
    if (!isWelcome) return close(connection);
    const other = this.#ends.findClient(End.pid, pid);
    const scoid = other === -1
      ? this.#memory.add(Header.lastNumber, 1)
      : this.#ends.get(other, End.scoid);
    if (this.#ends.add(EndKind.client, connection, pid, scoid) === -1) close(connection);
  }

  /** Takes in the messages of a client, or that it is gone. */
  #drain(end: number, connection: number, isEnded: boolean): void {
    while (this.#inbox.hasRoom) {
      const how = incoming.message.receive(connection, false);
      if (how === "none") return;
      if (how !== "message" || incoming.message.length < REQUEST_BYTES) return this.#lose(end);
      this.#inbox.add(end, incoming);
      // Whoever has sent a message, and is still there, sends nothing before it is replied to.
      if (incoming.numbers[Request.type] !== PULSE && !isEnded) return;
    }
  }

  #lose(end: number): void {
    incoming.message.closeDescriptors();
    const scoid = this.#ends.get(end, End.scoid);
    const connection = this.#ends.get(end, End.connection);
    this.#inbox.drop(end);
    this.#ends.remove(end);
    if (this.#has(CLOSED_PULSES)) this.#inbox.addPulse(PulseCode.CLOSED, connection, scoid);
    const isLast = this.#ends.findClient(End.scoid, scoid) === -1;
    if (isLast && this.#has(ChannelFlag.DISCONNECT)) {
      this.#inbox.addPulse(PulseCode.DISCONNECT, 0, scoid);
    }
  }

  #has(flag: number): boolean {
    return (this.#memory.get(Header.flags) & flag) !== 0;
  }
}
