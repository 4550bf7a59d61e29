/**
 * A connection between a client and a channel on another node. A process of the gateway here and an agent there
 * forward messages in both directions until a side disconnects. The gateway's process starts a program that
 * leads to the agent, such as ssh, and speaks over its standard input and output.
 *
 * @module
 */
import { Poller } from "../../posix/descriptors.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import { forkAgain } from "../../posix/fork.ts";
import { close } from "../../posix/io.ts";
import type { Message } from "../../posix/messages.ts";
import { dieWithParent, getpid, kill, wait, waitForExit } from "../../posix/processes.ts";
import { exec } from "../../posix/programs.ts";
import { Signal } from "../../posix/signals.ts";
import { shutDownWrite, socketPair } from "../../posix/sockets.ts";
import { channelAddress } from "./addresses.ts";
import { attachOr } from "./connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "./flags.ts";
import type { Target } from "./nodes.ts";
import { ReplyPacket, Request, RequestPacket } from "./packet.ts";
import { attachPath } from "./paths.ts";
import {
  DisconnectedError,
  receiveFrame,
  receiveGreeting,
  sendFrame,
  sendGreeting,
  SILENCE_MS,
} from "./wire.ts";

/** How often the gateway tells the agent on an idle connection that this node is still there. */
const HEARTBEAT_MS = SILENCE_MS / 3;

/** How long the program may take to pass on what was sent last, and to end. */
const END_MS = 5000;

const NOTHING = new Uint8Array();

const requests = new RequestPacket();
const replies = new ReplyPacket();

/**
 * Serves a client of this node, in a forked process. Its first message names the target on the other node.
 *
 * @param command a shell command line that leads to an agent, and its arguments (`"$@"`).
 */
export function relayOut(client: number, command: readonly string[]): void {
  if (requests.message.receive(client) !== "message") return;
  if (requests.numbers[Request.type] !== MessageType.node) return;
  const { remote, pid } = start(command);
  const error = dial(remote, requests.body);
  replies.put({ status: 0, error }, NOTHING);
  replies.message.send(client);
  const ends = { local: client, input: remote, output: remote, beats: true };
  if (error === 0) relay(ends, requests, replies);
  // What was sent before is still passed on.
  shutDownWrite(remote);
  if (!waitForExit(pid, END_MS)) kill(pid, Signal.TERM);
  wait(pid);
}

/** Starts the program. The other end of `remote` is its standard input and output. */
function start([line, ...args]: readonly string[]): { remote: number; pid: number } {
  const [remote, theirs] = socketPair();
  const parent = getpid();
  const pid = forkAgain(() => {
    dieWithParent(parent, Signal.TERM);
    exec("/bin/sh", ["-c", `exec ${line}`, "sh", ...args], [theirs, theirs], 0);
  });
  close(theirs);
  return { remote, pid };
}

/** Connects to a target on the other node. Returns the error number, or 0. */
function dial(remote: number, target: Uint8Array): number {
  try {
    receiveGreeting(remote);
    sendFrame(remote, target);
    return new DataView(receiveFrame(remote).buffer).getInt32(0);
  } catch (error) {
    if (!isGone(error)) throw error;
    return Errno.EHOSTUNREACH;
  }
}

/** Serves a gateway on another node, as its agent. Its first frame names the target on this node. */
export function relayIn(input: number, output: number): void {
  try {
    sendGreeting(output);
    const { local, error } = find(receiveFrame(input));
    const answer = new Uint8Array(4);
    new DataView(answer.buffer).setInt32(0, error);
    sendFrame(output, answer);
    if (error === 0) relay({ local, input, output, beats: false }, replies, requests);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function find(bytes: Uint8Array): { local: number; error: number } {
  try {
    const target: Target = JSON.parse(new TextDecoder().decode(bytes));
    const action = `find ${JSON.stringify(target)}`;
    const how = { index: SIDE_CHANNEL, flags: ConnectFlag.CLOEXEC, call: "connectAttach", action };
    const coid = "path" in target
      ? attachPath(String(target.path), how)
      : attachOr(Errno.ESRCH, channelAddress(Number(target.pid), Number(target.chid)), how);
    return { local: coid & ~SIDE_CHANNEL, error: 0 };
  } catch (error) {
    return { local: -1, error: error instanceof SystemError ? error.errno : Errno.EINVAL };
  }
}

/** A buffer for requests or replies, which travel in one direction. */
interface Packet {
  readonly message: Message;
  toFrame(): Uint8Array<ArrayBuffer>;
  fromFrame(frame: Uint8Array<ArrayBuffer>): void;
}

/** A socket of this node, and the descriptors from and to the other one. */
interface Ends {
  readonly local: number;
  readonly input: number;
  readonly output: number;
  /** Whether this side sends heartbeats. The other one ends without them. */
  readonly beats: boolean;
}

/** Forwards packets between this node and the other one until either disconnects. */
function relay(ends: Ends, fromHere: Packet, fromThere: Packet): void {
  try {
    passOn(ends, fromHere, fromThere);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function passOn(
  { local, input, output, beats }: Ends,
  fromHere: Packet,
  fromThere: Packet,
): void {
  const poller = new Poller([local, input]);
  for (;;) {
    if (!poller.wait(beats ? HEARTBEAT_MS : SILENCE_MS)) {
      if (!beats) return;
      sendFrame(output, NOTHING);
    }
    if (poller.isReady(0)) {
      if (fromHere.message.receive(local) !== "message") return;
      sendFrame(output, fromHere.toFrame());
    }
    if (poller.isReady(1)) {
      const frame = receiveFrame(input);
      if (frame.length === 0) continue; // a heartbeat
      fromThere.fromFrame(frame);
      const how = fromThere.message.send(local);
      fromThere.message.closeDescriptors();
      if (how !== "sent") return;
    }
  }
}

/** Whether a side has disconnected, or sent what no client or server sends. It is only cut off itself. */
function isGone(error: unknown): boolean {
  return error instanceof DisconnectedError || error instanceof SystemError;
}
