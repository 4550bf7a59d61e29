/**
 * Receiving what arrives at a channel: connections, messages, pulses and hang-ups. Only the thread that holds
 * the channel's mutex does so.
 *
 * @module
 */
import { sleep } from "../../posix/clocks.ts";
import { type LevelEpoll, MAX_EVENTS } from "../../posix/epoll.ts";
import { RETRY_MS } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import { peerCredentials } from "../../posix/messages.ts";
import { getpid } from "../../posix/processes.ts";
import { shutDown, tryAccept } from "../../posix/sockets.ts";
import { isTrusted } from "./addresses.ts";
import { attachedConnections, drainAttachNotifications } from "./attached.ts";
import type { Ends } from "./ends.ts";
import { ChannelFlag, HIGHEST_CODE, MessageType, PulseCode, SIDE_CHANNEL } from "./flags.ts";
import type { Inbox } from "./inbox.ts";
import { type ChannelMemory, End, EndKind, Header } from "./memory.ts";
import { PULSE, Request, REQUEST_BYTES, RequestPacket } from "./packet.ts";

/** A channel flag of resource managers: sends a pulse CLOSED for every connection that ends. */
export const CLOSED_PULSES = 1 << 30;

/** Base of the tags of this process's own connections, which the channel polls but does not own. */
const ATTACHED = 2 ** 31;

/** Delay while all rows are occupied by messages without reply. */
const FULL_MS = 1;

const TYPES: ReadonlySet<number> = new Set(Object.values(MessageType));

const incoming = new RequestPacket();

/** Handles an event of a descriptor; returns "client" for a new client. */
type EventHandler = (
  intake: Intake,
  end: number,
  descriptor: number,
  isEnded: boolean,
) => "client" | void;

/** Receives what arrives at a channel. */
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

  /** Receives everything that has arrived. `wait`: blocks until something has. */
  receiveAll(wait: boolean): void {
    if (!this.#inbox.hasRoom) {
      if (wait) sleep(FULL_MS);
      return;
    }
    const { isAcceptPaused } = this.#ends;
    let milliseconds = !wait ? 0 : isAcceptPaused ? RETRY_MS : -1;
    for (let isMore = true; isMore && this.#inbox.hasRoom; milliseconds = 0) {
      const count = this.#ready.wait(milliseconds);
      isMore = count === MAX_EVENTS;
      for (let i = 0; i < count; i++) {
        // A new client may have sent already, and the backlog may have more.
        if (this.#handle(i) === "client") isMore = true;
      }
    }
    if (wait && isAcceptPaused) this.#ends.resumeAccepting();
  }

  /** Polls new connections of this process for hang-up. */
  watchAttached(): void {
    for (const coid of attachedConnections()) {
      const isSide = coid >= SIDE_CHANNEL ? 1 : 0;
      this.#ready.addForHangUp(coid & ~SIDE_CHANNEL, ATTACHED + isSide);
    }
  }

  #handle(index: number): "client" | void {
    // Without a free row it stays in the socket, and epoll reports it again.
    if (!this.#inbox.hasRoom) return;
    const [tag, descriptor] = [this.#ready.tag(index), this.#ready.descriptor(index)];
    if (tag < ATTACHED) {
      const take = Intake.#handlers[this.#ends.get(tag, End.kind) as EndKind];
      return take(this, tag, descriptor, this.#ready.isHungUp(index));
    }
    const coid = descriptor | (tag & 1 ? SIDE_CHANNEL : 0);
    this.#inbox.addPulse(PulseCode.COIDDEATH, coid, 0);
  }

  /** Event handlers by the kind of descriptor. */
  static readonly #handlers: Readonly<Record<EndKind, EventHandler>> = {
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
    if (connection === -1) return this.#ends.pauseAccepting();
    this.#addClient(connection);
    return "client";
  }

  #addClient(connection: number): void {
    const peer = peerCredentials(connection);
    const { pid } = peer;
    const isAdmitted = this.#has(ChannelFlag.PRIVATE) ? pid === getpid() : isTrusted(peer);
    if (!isAdmitted) return close(connection);
    const other = this.#ends.findClient(End.pid, pid);
    const scoid = other === -1
      ? this.#memory.add(Header.lastNumber, 1)
      : this.#ends.get(other, End.scoid);
    if (this.#ends.add(EndKind.client, connection, pid, scoid) === -1) close(connection);
  }

  /** Receives the messages of a client, or its disconnection. */
  #drain(end: number, connection: number, isEnded: boolean): void {
    while (this.#inbox.hasRoomFor(end)) {
      const how = incoming.message.receive(connection, false);
      if (how === "none") return;
      if (how !== "message" || !this.#isAllowed(end)) return this.#dropClient(end);
      const isPulse = incoming.numbers[Request.type] === PULSE;
      if (!isPulse) this.#ends.set(end, End.isWaiting, 1);
      this.#inbox.add(end, incoming);
      // A connected client that has sent a message sends nothing more before the reply.
      if (!isPulse && !isEnded) return;
    }
  }

  /** Whether a client may send this now. One that may not does not use these functions, and is cut off. */
  #isAllowed(end: number): boolean {
    if (incoming.message.length < REQUEST_BYTES) return false;
    const { [Request.type]: type, [Request.code]: code } = incoming.numbers;
    if (type === PULSE) return code! >= 0 && code! <= HIGHEST_CODE;
    return TYPES.has(type!) && this.#ends.get(end, End.isWaiting) === 0;
  }

  #dropClient(end: number): void {
    incoming.message.closeDescriptors();
    const scoid = this.#ends.get(end, End.scoid);
    const connection = this.#ends.get(end, End.connection);
    this.#inbox.dropMessages(end);
    shutDown(this.#ends.get(end, End.descriptor)); // it may stay open until the reply to a message
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
