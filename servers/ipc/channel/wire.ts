/**
 * The protocol between the gateways of two nodes, over TCP: mutual authentication by a shared key, then frames
 * with a length prefix.
 *
 * Each side sends a nonce and proves the key by an HMAC-SHA-256 of both nonces. The connecting side proves it
 * first, so a client without the key gets nothing to test guessed keys on. The key itself is never sent.
 * Frames are neither encrypted nor signed.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { read, write } from "../../posix/io.ts";
import { FRAME_LIMIT } from "./packet.ts";

/** The first bytes sent by the accepting gateway, with the protocol's version. */
const GREETING = new TextEncoder().encode("herd channel 1\n");

const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const LENGTH_BYTES = 4;

/** Space for the headers of a message. */
const HEADER_BYTES = 64;

/** The peer has another key or does not speak the protocol. */
export class HandshakeError extends Error {
  override name = "HandshakeError";
}

/** The peer has closed the connection. */
export class DisconnectedError extends Error {
  override name = "DisconnectedError";
}

/** The shared key. */
export type Key = Uint8Array;

/**
 * Uses `node:crypto` once, which loads its code on first use. A forked process must not do that, because it
 * shares the descriptors of Deno's cache with its parent.
 */
export function warmUpProofs(key: Key): void {
  const nonce = randomBytes(NONCE_BYTES);
  if (!equal(proof(key, "", nonce), proof(key, "", nonce))) throw new Error("unreachable");
}

/** Authenticates both sides of a connection to another gateway. @throws {HandshakeError} without the right key. */
export function authenticateToServer(connection: number, key: Key): void {
  const greeting = receive(connection, GREETING.length);
  if (!equal(greeting, GREETING)) {
    throw new HandshakeError("Cannot connect to the node: it has no gateway at this port");
  }
  const theirs = receive(connection, NONCE_BYTES);
  const own = randomBytes(NONCE_BYTES);
  send(connection, own);
  send(connection, proof(key, "connects", theirs, own));
  if (!equal(receiveProof(connection), proof(key, "accepts", own, theirs))) {
    throw new HandshakeError("Cannot connect to the node: its gateway has another key");
  }
}

/** The accepting gateway's proof; empty if it rejects this one's. */
function receiveProof(connection: number): Uint8Array {
  try {
    return receive(connection, PROOF_BYTES);
  } catch (error) {
    if (error instanceof DisconnectedError) return new Uint8Array();
    throw error;
  }
}

/** Authenticates both sides of a connection from another gateway. @throws {HandshakeError} without the right key. */
export function authenticateClient(connection: number, key: Key): void {
  const own = randomBytes(NONCE_BYTES);
  send(connection, GREETING);
  send(connection, own);
  const theirs = receive(connection, NONCE_BYTES);
  const answer = receive(connection, PROOF_BYTES);
  if (!equal(answer, proof(key, "connects", own, theirs))) {
    throw new HandshakeError("Cannot accept the connection: the node has another key");
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

/** Sends a frame. @throws {SystemError} such as EPIPE if the peer has closed the connection. */
export function sendFrame(connection: number, frame: Uint8Array): void {
  const bytes = new Uint8Array(LENGTH_BYTES + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, LENGTH_BYTES);
  send(connection, bytes);
}

/** Receives a frame. @throws {DisconnectedError} at end of file. @throws {HandshakeError} if it is too large. */
export function receiveFrame(connection: number): Uint8Array<ArrayBuffer> {
  const length = new DataView(receive(connection, LENGTH_BYTES).buffer).getUint32(0);
  if (length > FRAME_LIMIT + HEADER_BYTES) {
    throw new HandshakeError(`Cannot receive a frame of ${length} bytes`);
  }
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
    if (count === 0) {
      throw new DisconnectedError("Cannot receive: the peer has closed the connection");
    }
    at += count;
  }
  return bytes;
}
