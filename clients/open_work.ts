/**
 * The work of an open loop's process, and its warm-up.
 *
 * @module
 */
import type { SocketAddress } from "../servers/posix/addresses.ts";
import { Poller } from "../servers/posix/descriptors.ts";
import { close, write } from "../servers/posix/io.ts";
import { accept, tryRead } from "../servers/posix/sockets.ts";
import type { Asked, ServerAddress, Transport } from "../servers/transports/transport.ts";
import { BOOK } from "./book.ts";
import { BYTES, ClientResults, repliesFor, UNCOUNTED, type Work } from "./client.ts";
import { OpenLoop, type OpenTask, runOpenLoop } from "./open_loop.ts";
import type { LoadOptions } from "./protocol.ts";

/** Connections at the same time before the start, at most: as in the book's load. */
const OPEN_BEFORE = BOOK.clients;

/** The work of an open loop, and the connections before it, which come as fast as they are answered. */
export function openWork(
  transport: Transport,
  address: ServerAddress,
  options: LoadOptions & Pick<Asked, "naming">,
  sources: readonly SocketAddress[],
): Work {
  const { clients, connections, requests, warmUpConnections, limitSeconds } = options;
  const client = transport.nonblockingClient!(address, options, sources, clients);
  const taskOf = (parts: Partial<OpenTask>): OpenTask => ({
    client,
    open: clients,
    connections: connections === null ? UNCOUNTED : clients * connections,
    requests,
    limitMilliseconds: limitSeconds === 0 ? Infinity : 1000 * limitSeconds,
    timeoutMilliseconds: 1000 * options.timeoutSeconds,
    rate: options.rate,
    arrivals: options.arrivals,
    seed: options.seed,
    ...parts,
  });
  const before = taskOf({
    open: Math.min(clients, OPEN_BEFORE),
    connections: clients * warmUpConnections,
    rate: Infinity,
    limitMilliseconds: Infinity,
  });
  const run = taskOf({});
  return {
    load: () => runOpenLoop(taskOf({ connections: 0 }), new ClientResults()),
    before: (results, who) => runOpenLoop(before, results, who),
    run: (results, who) => runOpenLoop(run, results, who),
  };
}

/** Connections of the warm-up, after which V8 has compiled an open loop. */
const WARM_UP = 3000;

/** Requests on a connection of the warm-up, at most. */
const REQUESTS = 3;

/** Acts as client and server on an abstract Unix socket until V8 has compiled the client. */
export function warmUpOpenLoop(transport: Transport, options: LoadOptions): void {
  const address = { host: "", port: 0, path: `@herd-${crypto.randomUUID()}` };
  using endpoint = transport.bind(address);
  const replies = repliesFor(options.service);
  const [open, requests] = [OPEN_BEFORE, Math.min(options.requests, REQUESTS)];
  const asked = { service: options.service, bytes: BYTES, target: null };
  const client = transport.nonblockingClient!(address, asked, [], open);
  const results = new ClientResults();
  const schedule = { rate: 1e6, arrivals: options.arrivals, seed: 1 };
  const limits = { limitMilliseconds: Infinity, timeoutMilliseconds: 10_000 };
  const task = { client, open, connections: WARM_UP, requests, ...limits, ...schedule };
  using loop = new OpenLoop(task, results);
  const input = new Uint8Array(4096);
  const peers: number[] = [];
  const poller = new Poller([endpoint.listener]);
  for (let turn = 0; !loop.isOver; turn++) {
    loop.turn(0);
    while (poller.wait(0)) peers.push(accept(endpoint.listener));
    const reply = replies[turn % 2]!;
    for (const [i, peer] of peers.entries()) {
      const count = tryRead(peer, input);
      if (count > 0) write(peer, reply, reply.length);
      else if (count === 0) close(peers.splice(i, 1)[0]!);
    }
  }
  for (const peer of peers) close(peer);
  close(endpoint.listener);
  if (results.errors.size > 0) {
    throw new Error("Cannot warm up the client: its own socket does not answer");
  }
}
