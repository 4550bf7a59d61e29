/**
 * What each client of a load does, as processes and threads make it from the options.
 *
 * @module
 */
import type { Listening } from "../servers/host/protocol.ts";
import { AUTOBIND, type SocketAddress } from "../servers/posix/addresses.ts";
import { loopbackSources } from "../servers/posix/sources.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import type { Asked, Transport } from "../servers/transports/transport.ts";
import { transports } from "../servers/transports/transports.ts";
import {
  type Asking,
  ClientResults,
  type Run,
  runClient,
  type Task,
  UNCOUNTED,
  warmUp,
  type Work,
} from "./client.ts";
import type { LoadOptions } from "./protocol.ts";

/** Has V8 compile the code of the clients, which takes as long as the start of a server: no server is needed. */
export async function warmUpLoad(options: LoadOptions): Promise<void> {
  if (options.rate > 0) {
    const { warmUpOpenLoop } = await import("./open_work.ts");
    return warmUpOpenLoop(await ownTransport(options), options);
  }
  warmUp(await ownTransport(options), askingOf(options));
}

/** The transport of a warm-up: a Unix socket runs the same code as TCP, and leaves no ports in TIME_WAIT. */
function ownTransport({ transport }: LoadOptions): Promise<Transport> {
  return transports[transport === "tcp" ? "unix" : transport]();
}

function askingOf({ service, requests, timeoutSeconds, sources }: LoadOptions): Asking {
  const from = sources === 0 ? [] : [AUTOBIND];
  return { service, requests, timeout: socketTimeout(timeoutSeconds), sources: from };
}

/** Sources begin at 127.1.0.0 and end before 127.129.0.0: there is room for those of the last load behind it. */
const FIRST_SOURCE = 0x10000;
const SOURCES = 0x800000;
const SOURCES_APART = 1024;

/** The addresses that clients connect from: others than those of earlier loads, whose ports may be in TIME_WAIT. */
function sourcesOf({ sources }: LoadOptions): SocketAddress[] {
  const first = FIRST_SOURCE + (Deno.pid * SOURCES_APART) % SOURCES;
  return loopbackSources(first, sources);
}

/**
 * Connections of each client to itself before the start. A forked process touches each page of its memory for the
 * first time once, which on a virtual machine can take the hypervisor a microsecond or more: 1 to 2 ms in all.
 */
const TOUCHES = [5, 5];

/** Processes, or threads, that a load has: a client each, or one for all connections of an open loop. */
export function processesOf({ clients, rate }: LoadOptions): number {
  return rate === 0 ? clients : 1;
}

/** The work of a process of the load. */
export async function workOf(
  options: LoadOptions & Pick<Asked, "naming">,
  server: Listening,
): Promise<Work> {
  const transport = await transports[options.transport]();
  const address = { ...server, path: server.path ?? undefined };
  const sources = sourcesOf(options);
  if (options.rate > 0) {
    const { openWork } = await import("./open_work.ts");
    return openWork(transport, address, options, sources);
  }
  const { connections, requests, limitSeconds, thinkMilliseconds, warmUpConnections } = options;
  const timeout = socketTimeout(options.timeoutSeconds);
  const client = transport.client(address, options, timeout, sources);
  const [own, asking] = [await ownTransport(options), askingOf(options)];
  // One arrow function for all, which V8 has compiled for the first of them.
  const run = (task: Task): Run => (results, who) => runClient(task, results, who);
  const before: Task = {
    client,
    connections: warmUpConnections,
    requests,
    limitMilliseconds: Infinity,
    thinkMilliseconds: 0,
  };
  return {
    load: () =>
      run({ client, connections: 0, requests, limitMilliseconds: Infinity, thinkMilliseconds: 0 })(
        new ClientResults(),
      ),
    before: (results, who) => {
      warmUp(own, asking, TOUCHES);
      run(before)(results, who);
    },
    run: run({
      client,
      connections: connections ?? UNCOUNTED,
      requests,
      limitMilliseconds: limitSeconds === 0 ? Infinity : 1000 * limitSeconds,
      thinkMilliseconds,
    }),
  };
}
