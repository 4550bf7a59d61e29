/**
 * The bytes between a gateway and its agent on another node: the agent's greeting, then frames with a length
 * prefix. They have no protection of their own: ssh carries them, which authenticates both sides and encrypts.
 *
 * @module
 */
import { Poller } from "../../posix/descriptors.ts";
import { printError } from "../../posix/errors.ts";
import { read, write } from "../../posix/io.ts";
import { FRAME_LIMIT } from "./packet.ts";

/** The first bytes sent by the agent, with the protocol's version. */
const GREETING = new TextEncoder().encode("herd channel 2\n");

/** Space for the headers of a message. */
const HEADER_BYTES = 64;

/** How long the peer may be silent before the greeting and within a frame. */
export const SILENCE_MS = 30_000;

/** The peer has closed, is silent in the middle of a frame, or does not speak the protocol. */
export class DisconnectedError extends Error {
  override name = "DisconnectedError";
}

/** Sends the agent's greeting. @throws {SystemError} as `sendFrame`. */
export function sendGreeting(output: number): void {
  send(output, GREETING);
}

/** Receives the agent's greeting. @throws {DisconnectedError} if something else comes, or nothing. */
export function receiveGreeting(input: number): void {
  const bytes = receive(input, GREETING.length);
  if (bytes.every((byte, i) => byte === GREETING[i])) return;
  const reason =
    "Cannot reach the node: what was started there is no agent of this version of Herd";
  printError(reason);
  throw new DisconnectedError(reason);
}

/** Sends a frame. @throws {SystemError} such as EPIPE if the peer has closed. */
export function sendFrame(output: number, frame: Uint8Array): void {
  const bytes = new Uint8Array(4 + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, 4);
  send(output, bytes);
}

/** Receives a frame. @throws {DisconnectedError} at end of file, after a silence, or if it is too large. */
export function receiveFrame(input: number): Uint8Array<ArrayBuffer> {
  const length = new DataView(receive(input, 4).buffer).getUint32(0);
  if (length > FRAME_LIMIT + HEADER_BYTES) {
    throw new DisconnectedError(`Cannot receive a frame of ${length} bytes`);
  }
  return receive(input, length);
}

function send(output: number, bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length;) {
    at += write(output, bytes.subarray(at), bytes.length - at);
  }
}

function receive(input: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const poller = new Poller([input]);
  for (let at = 0; at < length;) {
    const count = poller.wait(SILENCE_MS) ? read(input, bytes.subarray(at)) : 0;
    if (count === 0) throw new DisconnectedError("Cannot receive: the peer has closed");
    at += count;
  }
  return bytes;
}
