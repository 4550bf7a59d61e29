/**
 * A client, and ports. The client blocks, and with it the test; what it talks to are other processes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  connect,
  listen,
  resetOnClose,
  shutDownWrite,
  socketTimeout,
  streamSocket,
} from "../posix/sockets.ts";
import { boundAddress, internetAddress } from "../posix/addresses.ts";
import { close, read, write } from "../posix/io.ts";
import { pathAddress } from "../transports/stream.ts";
import { closing } from "./fork.ts";
import { PATIENCE_SECONDS } from "./process.ts";

/** A port that nobody listens on. */
export function freePort(): number {
  const listener = listen(internetAddress("127.0.0.1", 0), "find a port");
  using _ = closing(listener);
  return boundAddress(listener).port;
}

/** A path at which nothing is. */
export function freePath(): string {
  return `/tmp/herd-test-${crypto.randomUUID()}`;
}

/** Whether all bytes are the same one; without a call for each, of which there may be 16 million. */
export function isAll(bytes: Uint8Array, value: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== value) return false;
  return true;
}

/** One connection to a server: at a port of this machine, or at a path. */
export class Connection implements Disposable {
  readonly #fd: number;

  constructor(place: number | string, host = "127.0.0.1") {
    const address = typeof place === "number" ? internetAddress(host, place) : pathAddress(place);
    this.#fd = streamSocket(address, socketTimeout(PATIENCE_SECONDS));
    try {
      connect(this.#fd, address);
    } catch (error) {
      close(this.#fd);
      throw error;
    }
  }

  /** Sends the text in one write. */
  send(text: string): void {
    this.sendBytes(new TextEncoder().encode(text));
  }

  /** Sends bytes in one write. */
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    const sent = write(this.#fd, bytes, bytes.length);
    if (sent < bytes.length) throw new Error(`only ${sent} of ${bytes.length} bytes were sent`);
  }

  /** Receives that many bytes, or fewer where the server closes before. */
  receive(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let received = 0;
    for (let count = 1; received < length && count > 0; received += count) {
      count = read(this.#fd, bytes.subarray(received));
    }
    return bytes.subarray(0, received);
  }

  /** Says that no request will follow. */
  shutDownWrite(): void {
    shutDownWrite(this.#fd);
  }

  /** Has its close reset the connection. */
  resetOnClose(): void {
    resetOnClose(this.#fd);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** Sends the text on a connection of its own and receives that many bytes, or fewer; then closes. */
export function ask(place: number | string, text: string, length: number): Uint8Array<ArrayBuffer> {
  using connection = new Connection(place);
  connection.send(text);
  return connection.receive(length);
}

/** Has every child of a pool serve a client at the same time, so all of them live. */
export function holdEveryChild(place: number | string, children: number): void {
  using clients = new DisposableStack();
  for (let i = 0; i < children; i++) {
    const client = clients.use(new Connection(place));
    client.send("1\n");
    assertEquals(client.receive(1).length, 1);
  }
}
