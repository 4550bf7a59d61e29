/**
 * Clients in the queue of a listening socket, all of this thread: what serves them runs in it, too.
 *
 * @module
 */
import { boundAddress, internetAddress, type SocketAddress } from "../posix/addresses.ts";
import { close, write } from "../posix/io.ts";
import {
  connect,
  listen,
  resetOnClose,
  shutDownWrite,
  socketTimeout,
  streamSocket,
} from "../posix/sockets.ts";
import { PATIENCE_SECONDS } from "./process.ts";

/** A listening socket, and clients of this thread. */
export class Backlog implements Disposable {
  readonly listener = listen(internetAddress("127.0.0.1", 0), "test");
  readonly #address: SocketAddress;
  readonly #clients = new Set<number>();

  constructor() {
    this.#address = internetAddress("127.0.0.1", boundAddress(this.listener).port);
  }

  /** One that connects, and sends that request. */
  add(request = "5\n"): number {
    const client = streamSocket(this.#address, socketTimeout(PATIENCE_SECONDS));
    connect(client, this.#address);
    write(client, new TextEncoder().encode(request), request.length);
    this.#clients.add(client);
    return client;
  }

  /** The same, and asks for nothing more. */
  addLast(): number {
    const client = this.add();
    shutDownWrite(client);
    return client;
  }

  /** A client resets its connection. */
  reset(client: number): void {
    resetOnClose(client);
    close(client);
    this.#clients.delete(client);
  }

  [Symbol.dispose](): void {
    [this.listener, ...this.#clients].forEach(close);
  }
}
