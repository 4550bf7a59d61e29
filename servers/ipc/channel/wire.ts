/**
 * What gateways of two nodes say to each other over TCP: first each proves that it has the shared key, then
 * they exchange frames, whose length comes before them.
 *
 * Each side makes a nonce and answers the other's with an HMAC-SHA-256 under the key, the one that connects
 * first: whoever has not the key learns nothing that they could try keys on. The key itself is never sent.
 * What follows is neither encrypted nor signed.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { read, write } from "../../posix/io.ts";
import { FRAME_LIMIT } from "./packet.ts";

/** What the gateway that is connected to says first; the version is part of it. */
const GREETING = new TextEncoder().encode("herd channel 1\n");

const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const LENGTH_BYTES = 4;

/** Room for the headers of a message. */
const HEADER_ROOM = 64;

/** The other side is not what it has to be: it has another key, or does not speak the protocol. */
export class HandshakeError extends Error {
  override name = "HandshakeError";
}

/** The other side is gone. */
export class DisconnectedError extends Error {
  override name = "DisconnectedError";
}

/** The shared key. */
export type Key = Uint8Array;

/**
 * Does once what the two below do with `node:crypto`, which loads its code when it is used: a forked
 * process must not, since the descriptors of Deno's cache are not its own.
 */
export function warmUpProofs(key: Key): void {
  const nonce = randomBytes(NONCE_BYTES);
  if (!equal(proof(key, "", nonce), proof(key, "", nonce))) throw new Error("unreachable");
}

/** Proves to a gateway that this one, which connects, has the key. @throws {HandshakeError} */
export function introduce(connection: number, key: Key): void {
  const greeting = receive(connection, GREETING.length);
  if (!equal(greeting, GREETING)) throw new HandshakeError("Cannot talk to it: it is no gateway");
  const theirs = receive(connection, NONCE_BYTES);
  const own = randomBytes(NONCE_BYTES);
  send(connection, own);
  send(connection, proof(key, "connects", theirs, own));
  if (!equal(answerTo(connection), proof(key, "accepts", own, theirs))) {
    throw new HandshakeError("Cannot talk to it: it has another key");
  }
}

/** The proof of the gateway that was connected to; none where it refuses this one's. */
function answerTo(connection: number): Uint8Array {
  try {
    return receive(connection, PROOF_BYTES);
  } catch (error) {
    if (error instanceof DisconnectedError) return new Uint8Array();
    throw error;
  }
}

/** Makes sure that a gateway which has connected has the key. @throws {HandshakeError} */
export function admit(connection: number, key: Key): void {
  const own = randomBytes(NONCE_BYTES);
  send(connection, GREETING);
  send(connection, own);
  const theirs = receive(connection, NONCE_BYTES);
  const answer = receive(connection, PROOF_BYTES);
  if (!equal(answer, proof(key, "connects", own, theirs))) {
    throw new HandshakeError("Cannot let it in: it has another key");
  }
  send(connection, proof(key, "accepts", theirs, own));
}

function proof(key: Key, role: string, ...nonces: Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key).update(GREETING).update(role);
  for (const nonce of nonces) hmac.update(nonce);
  return hmac.digest();
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Sends a frame. @throws {SystemError} such as EPIPE where the other side is gone. */
export function sendFrame(connection: number, frame: Uint8Array): void {
  const bytes = new Uint8Array(LENGTH_BYTES + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, LENGTH_BYTES);
  send(connection, bytes);
}

/** Receives a frame. @throws {DisconnectedError}; {HandshakeError} where it is too large. */
export function receiveFrame(connection: number): Uint8Array<ArrayBuffer> {
  const length = new DataView(receive(connection, LENGTH_BYTES).buffer).getUint32(0);
  if (length > FRAME_LIMIT + HEADER_ROOM) throw new HandshakeError("Cannot take so large a frame");
  return receive(connection, length);
}

function send(connection: number, bytes: Uint8Array): void {
  const left = new Uint8Array(bytes);
  for (let at = 0; at < left.length;) {
    at += write(connection, left.subarray(at), left.length - at);
  }
}

function receive(connection: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = read(connection, bytes.subarray(at));
    if (count === 0) throw new DisconnectedError("Cannot receive: the other side is gone");
    at += count;
  }
  return bytes;
}
