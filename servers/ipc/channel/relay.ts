/**
 * A connection between a client and a channel on another node. On each node a process of the gateway forwards
 * messages in both directions until a side disconnects.
 *
 * @module
 */
import type { SocketAddress } from "../../posix/addresses.ts";
import { Poller } from "../../posix/descriptors.ts";
import { Errno, hasErrno, SystemError } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import type { Message } from "../../posix/messages.ts";
import {
  connect,
  setNoDelayAndKeepAlive,
  setTimeouts,
  socketTimeout,
  streamSocket,
  tryConnect,
} from "../../posix/sockets.ts";
import { channelAddress } from "./addresses.ts";
import { attachOr } from "./connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "./flags.ts";
import type { Target } from "./nodes.ts";
import { ReplyPacket, Request, RequestPacket } from "./packet.ts";
import { attachPath } from "./paths.ts";
import {
  authenticateClient,
  authenticateToServer,
  DisconnectedError,
  HandshakeError,
  type Key,
  receiveFrame,
  sendFrame,
} from "./wire.ts";

/** Timeout of each step of the handshake with the other node. */
const HANDSHAKE_TIMEOUT = socketTimeout(5);

const NO_TIMEOUT = socketTimeout(0);

const NOTHING = new Uint8Array();

const requests = new RequestPacket();
const replies = new ReplyPacket();

/** Serves a client of this node. Its first message names the target on the other node. */
export function relayOut(client: number, node: readonly SocketAddress[], key: Key): void {
  if (requests.message.receive(client) !== "message") return;
  if (requests.numbers[Request.type] !== MessageType.node) return;
  const { remote, error } = dial(node, key, requests.body);
  replies.put({ status: 0, error }, NOTHING);
  replies.message.send(client);
  if (remote !== -1 && error === 0) relay(client, remote, requests, replies);
}

/** Connects to a target on another node, of which each address is tried. Returns the error number, or 0. */
function dial(
  node: readonly SocketAddress[],
  key: Key,
  target: Uint8Array,
): { remote: number; error: number } {
  try {
    const remote = connectAny(node);
    authenticateToServer(remote, key);
    sendFrame(remote, target);
    const answer = receiveFrame(remote);
    return { remote, error: new DataView(answer.buffer).getInt32(0) };
  } catch (error) {
    if (error instanceof HandshakeError) return { remote: -1, error: Errno.EACCES };
    if (error instanceof SystemError || error instanceof DisconnectedError) {
      return { remote: -1, error: Errno.EHOSTUNREACH };
    }
    throw error;
  }
}

function connectAny(addresses: readonly SocketAddress[]): number {
  for (const [index, address] of addresses.entries()) {
    const remote = streamSocket(address, HANDSHAKE_TIMEOUT);
    const isLast = index === addresses.length - 1;
    if (isLast) connect(remote, address);
    if (isLast || tryConnect(remote, address) === 0) return remote;
    close(remote);
  }
  throw new Error("unreachable: a name has an address");
}

/** Serves another node. Its first frame names the target on this node. */
export function relayIn(remote: number, key: Key): void {
  setTimeouts(remote, HANDSHAKE_TIMEOUT);
  authenticateClient(remote, key);
  const target: Target = JSON.parse(new TextDecoder().decode(receiveFrame(remote)));
  const { local, error } = find(target);
  const answer = new Uint8Array(4);
  new DataView(answer.buffer).setInt32(0, error);
  sendFrame(remote, answer);
  if (error === 0) relay(local, remote, replies, requests);
}

function find(target: Target): { local: number; error: number } {
  const action = `find ${JSON.stringify(target)}`;
  const how = { index: SIDE_CHANNEL, flags: ConnectFlag.CLOEXEC, call: "connectAttach", action };
  try {
    const coid = "path" in target
      ? attachPath(String(target.path), how)
      : attachOr(Errno.ESRCH, channelAddress(Number(target.pid), Number(target.chid)), how);
    return { local: coid & ~SIDE_CHANNEL, error: 0 };
  } catch (error) {
    if (error instanceof SystemError) return { local: -1, error: error.errno };
    throw error;
  }
}

/** A buffer for requests or replies, which travel in one direction. */
interface Packet {
  readonly message: Message;
  toFrame(): Uint8Array<ArrayBuffer>;
  fromFrame(frame: Uint8Array<ArrayBuffer>): void;
}

/** Forwards packets between a socket of this node and the other node until either disconnects. */
function relay(local: number, remote: number, fromHere: Packet, fromThere: Packet): void {
  setTimeouts(remote, NO_TIMEOUT);
  setNoDelayAndKeepAlive(remote);
  try {
    passOn(local, remote, fromHere, fromThere);
  } catch (error) {
    const isGone = error instanceof DisconnectedError ||
      hasErrno(error, Errno.EPIPE, Errno.ECONNRESET, Errno.ETIMEDOUT);
    if (!isGone) throw error;
  }
}

function passOn(local: number, remote: number, fromHere: Packet, fromThere: Packet): void {
  const poller = new Poller([local, remote]);
  for (;;) {
    poller.wait();
    if (poller.isReady(0)) {
      if (fromHere.message.receive(local) !== "message") return;
      sendFrame(remote, fromHere.toFrame());
    }
    if (poller.isReady(1)) {
      fromThere.fromFrame(receiveFrame(remote));
      const how = fromThere.message.send(local);
      fromThere.message.closeDescriptors();
      if (how !== "sent") return;
    }
  }
}
