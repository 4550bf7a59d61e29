/** multiplex(), in the program sserver. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { close, read, write } from "../posix/io.ts";
import { shutDownWrite, tryWrite } from "../posix/sockets.ts";
import { closing, waitFor } from "../testing/fork.ts";
import { passClient, startAtChannel } from "../testing/sserver.ts";

/** An sserver to which the test passes connections. */
class Server implements Disposable {
  readonly #pid: number;
  readonly #channel: number;
  readonly #clients = new Set<number>();

  constructor(...args: string[]) {
    const { channel, pid } = startAtChannel(...args);
    [this.#channel, this.#pid] = [channel, pid];
  }

  /** A new client. */
  client(): number {
    const client = passClient(this.#channel);
    this.#clients.add(client);
    return client;
  }

  /** Closes a client; its unread data makes this a reset. */
  vanish(client: number): void {
    this.#clients.delete(client);
    close(client);
  }

  /** Ends the source of connections. */
  end(): void {
    shutDownWrite(this.#channel);
  }

  /** Waits for it to exit. */
  wait(): void {
    assertEquals(waitFor(this.#pid).code, 0);
  }

  [Symbol.dispose](): void {
    closing(this.#channel, ...this.#clients)[Symbol.dispose]();
  }
}

function ask(client: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  write(client, bytes, bytes.length);
}

/** Reads `bytes` bytes, or fewer if the server closes before. */
function receive(client: number, bytes: number): number {
  const buffer = new Uint8Array(65536);
  let received = 0;
  while (received < bytes) {
    const count = read(client, buffer.subarray(0, bytes - received));
    if (count === 0) break;
    received += count;
  }
  return received;
}

Deno.test("multiplex() serves clients in the order of their requests", () => {
  using server = new Server();
  const clients = Array.from({ length: 30 }, () => server.client());
  for (const order of [clients, clients.toReversed(), clients.filter((_, i) => i % 3 === 0)]) {
    for (const client of order) ask(client, "7\n");
    for (const client of order) assertEquals(receive(client, 7), 7);
  }
  // Clients that disconnect do not affect the others.
  for (const client of clients.filter((_, i) => i % 2 === 0)) shutDownWrite(client);
  for (const client of clients.filter((_, i) => i % 2 === 1)) {
    ask(client, "70000\n");
    assertEquals(receive(client, 70000), 70000);
    shutDownWrite(client);
  }
  server.end();
  server.wait();
});

Deno.test("multiplex() stops reading from a client that does not read its replies", () => {
  using server = new Server();
  const [client, other] = [server.client(), server.client()];
  const requests = new TextEncoder().encode("1000000\n".repeat(1000));
  const MOST = 10_000_000;
  let sent = 0;
  for (let round = 0; round < 100; round++) {
    for (let count; sent < MOST && (count = tryWrite(client, requests, requests.length)) > 0;) {
      sent += count;
    }
    // Meanwhile it has had time to read.
    ask(other, "10\n");
    assertEquals(receive(other, 10), 10);
  }
  assertLess(sent, MOST);
  assertEquals(receive(client, 5_000_000), 5_000_000);
  server.vanish(client);
  shutDownWrite(other);
  server.end();
  server.wait();
});

Deno.test("multiplex() sends the replies due before it closes a rejected client", () => {
  using server = new Server();
  const client = server.client();
  ask(client, "3000000\nword\n");
  assertEquals(receive(client, 3_000_001), 3_000_000);
  server.end();
  server.wait();
});

Deno.test("multiplex() treats a reset like a close", () => {
  using server = new Server();
  const [reset, gone] = [server.client(), server.client()];
  ask(reset, "10000000\n");
  assertEquals(receive(reset, 1), 1);
  for (const client of [reset, gone]) server.vanish(client);
  const other = server.client();
  ask(other, "5\n");
  assertEquals(receive(other, 5), 5);
  shutDownWrite(other);
  server.end();
  server.wait();
});

Deno.test("multiplex() returns after idleSeconds without a client, and not before", () => {
  using server = new Server("--idle=1");
  const client = server.client();
  const start = performance.now();
  for (let i = 0; i < 3; i++) {
    ask(client, "1\n");
    receive(client, 1);
  }
  shutDownWrite(client);
  server.wait();
  assertGreater(performance.now() - start, 1000);
});
