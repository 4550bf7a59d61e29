/** Open loops, against servers of this process that are as slow or as wrong as the test wants. */
import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { sleep } from "../servers/posix/clocks.ts";
import { Poller } from "../servers/posix/descriptors.ts";
import { Errno } from "../servers/posix/errors.ts";
import { close, write } from "../servers/posix/io.ts";
import { accept, tryRead } from "../servers/posix/sockets.ts";
import { Failure } from "../servers/transports/transport.ts";
import { transports } from "../servers/transports/transports.ts";
import { ClientResults } from "./client.ts";
import { OpenLoop, type OpenTask } from "./open_loop.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** What a server sends to a connection that has sent so many requests, piece by piece; "close": it closes. */
type Answer = (request: number) => readonly string[];

/** Runs an open loop against a server of the same thread. `stop` is called once, after so many requests. */
async function run(
  options: Partial<OpenTask> & { service?: "bytes" | "http"; bytes?: number },
  answer: Answer,
  stop: { after: number; milliseconds: number } = { after: Infinity, milliseconds: 0 },
) {
  const { service = "bytes", bytes = 10, open = 4 } = options;
  const transport = await transports.unix();
  const address = { host: "", port: 0, path: `@herd-test-${crypto.randomUUID()}` };
  using endpoint = transport.bind(address);
  const asked = { service, bytes, target: null };
  const results = new ClientResults();
  const task: OpenTask = {
    client: transport.nonblockingClient!(address, asked, [], open),
    open,
    connections: 20,
    requests: 1,
    limitMilliseconds: Infinity,
    timeoutMilliseconds: 10_000,
    rate: 1000,
    arrivals: "even",
    seed: 1,
    ...options,
  };
  const poller = new Poller([endpoint.listener]);
  const peers = new Map<number, { requests: number; pieces: string[] }>();
  let [seen, most] = [0, 0];
  results.start(performance.now(), 0, { user: 0, system: 0, voluntary: 0, involuntary: 0 });
  {
    using loop = new OpenLoop(task, results);
    while (!loop.isOver) {
      loop.turn(1);
      while (poller.wait(0)) peers.set(accept(endpoint.listener), { requests: 0, pieces: [] });
      most = Math.max(most, peers.size);
      for (const [peer, state] of peers) {
        const length = receive(peer);
        if (length > 0) state.pieces.push(...answer(++state.requests));
        if (length > 0 && ++seen === stop.after) sleep(stop.milliseconds);
        const piece = length === 0 ? "close" : state.pieces.shift();
        if (piece === "close") {
          peers.delete(peer);
          close(peer);
        } else if (piece !== undefined) write(peer, encode(piece), piece.length);
      }
    }
  }
  for (const peer of peers.keys()) close(peer);
  close(endpoint.listener);
  const { connections, errors, wrongReply, openLoop } = results;
  return { results, connections, requests: results.requests, errors, wrongReply, openLoop, most };
}

/** Bytes that have arrived: −1: none so far; 0: the client has closed. */
function receive(peer: number): number {
  try {
    return tryRead(peer, new Uint8Array(4096));
  } catch {
    return 0; // it closed with a reply unread
  }
}

const right: Answer = () => ["A".repeat(10)];

Deno.test("OpenLoop answers every request once, a connection each", async () => {
  const { connections, requests, errors, openLoop } = await run({}, right);
  assertEquals([connections, requests, errors.size, openLoop.unsent], [20, 20, 0, 0]);
  assert(openLoop.mostOpen <= 4);
});

Deno.test("OpenLoop keeps connections open, uses all of them, and replaces each after its requests", async () => {
  const { connections, requests, openLoop, most } = await run(
    { requests: 3, open: 5, connections: 10 },
    right,
  );
  assertEquals([connections, requests, openLoop.mostOpen, most], [10, 30, 5, 5]);
});

Deno.test("OpenLoop counts latency from when a request was due, also for those due while the server stood still", async () => {
  const { results, openLoop } = await run(
    { open: 200, connections: 200, rate: 1000 },
    right,
    { after: 50, milliseconds: 100 },
  );
  // Of 200 requests in 200 ms, 100 were due in the 100 ms, and half of them waited for 50 ms or more.
  assertGreaterOrEqual(results.latencies.quantile(0.8), 40_000);
  assertGreaterOrEqual(results.longest, 100);
  assertGreater(openLoop.late, 50); // this thread is both client and server
});

Deno.test("OpenLoop starts nothing after its limit, and counts what was due before and could not be sent", async () => {
  const { openLoop, errors, requests } = await run(
    { open: 2, connections: 1000, limitMilliseconds: 100, timeoutMilliseconds: 300 },
    () => [],
  );
  assertEquals([requests, openLoop.mostOpen], [0, 2]);
  assertEquals([...errors], [[Errno.EAGAIN, 2]]);
  assertEquals(openLoop.unsent, 100 - 2);
});

Deno.test("OpenLoop counts wrong replies by kind, and quotes the first", async () => {
  const kinds = async (answer: Answer, options = {}) => {
    const { errors, wrongReply, connections } = await run({ connections: 4, ...options }, answer);
    assertEquals(connections, 0);
    return [[...errors], wrongReply];
  };
  assertEquals(await kinds(() => ["A".repeat(11)]), [[[Failure.longReply, 4]], ""]);
  assertEquals(await kinds(() => ["close"]), [[[Failure.shortReply, 4]], ""]);
  assertEquals(await kinds(() => ["HTTP/1.1 400 Bad Request\r\n"], { bytes: 25 }), [
    [[Failure.noAnswer, 4]],
    "HTTP/1.1 400 Bad Request",
  ]);
  const http = { service: "http" };
  assertEquals(await kinds(() => ["HTTP/1.1 404 Not Found\r\n\r\n"], http), [
    [[Failure.noAnswer, 4]],
    "HTTP/1.1 404 Not Found",
  ]);
  assertEquals(await kinds(() => ["HTTP/1.1 200 OK\r\n\r\n"], http), [
    [[Failure.noLength, 4]],
    "",
  ]);
});

Deno.test("OpenLoop reads HTTP replies in pieces, their heads too", async () => {
  const whole = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nAAAAAAAAAA";
  for (const at of [1, 20, 30, whole.length - 10, whole.length - 5, whole.length]) {
    const pieces = [whole.slice(0, at), whole.slice(at)].filter((piece) => piece !== "");
    const { requests, errors } = await run({ service: "http", requests: 2 }, () => pieces);
    assertEquals([requests, errors.size], [40, 0], `in pieces from ${at} on`);
  }
  const { errors } = await run({ service: "http" }, () => [whole.slice(0, -1), "close"]);
  assertEquals([...errors], [[Failure.shortReply, 20]]);
});

Deno.test("OpenLoop counts a connection that the server ended between two requests", async () => {
  const { connections, errors } = await run(
    { requests: 2, connections: 3, open: 3 },
    (request) => [request === 1 ? "A".repeat(10) : "close"],
  );
  assertEquals([connections, [...errors]], [0, [[Failure.shortReply, 3]]]);
});

Deno.test("OpenLoop stops where nobody listens", async () => {
  const transport = await transports.unix();
  const address = { host: "", port: 0, path: `@herd-test-${crypto.randomUUID()}` };
  const asked = { service: "bytes", bytes: 10, target: null } as const;
  const results = new ClientResults();
  using loop = new OpenLoop({
    client: transport.nonblockingClient!(address, asked, [], 2),
    open: 2,
    connections: 100_000,
    requests: 1,
    limitMilliseconds: Infinity,
    timeoutMilliseconds: 0,
    rate: 100,
    arrivals: "even",
    seed: 1,
  }, results);
  while (!loop.isOver) loop.turn();
  assertEquals([...results.errors.keys()], [Errno.ECONNREFUSED]);
  assertLess(results.errors.get(Errno.ECONNREFUSED)!, 200);
  assertLess(results.openLoop.mostOpen, 1);
});
