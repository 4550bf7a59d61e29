/**
 * What each client of a load does, as processes and threads make it from the options.
 *
 * @module
 */
import type { Listening } from "../servers/host/protocol.ts";
import { AUTOBIND, type SocketAddress } from "../servers/posix/addresses.ts";
import { loopbackSources } from "../servers/posix/sources.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import { transports } from "../servers/transports/transports.ts";
import { type Task, warmUp } from "./client.ts";
import type { LoadOptions } from "./protocol.ts";

/** Has V8 compile the code of the clients, which takes as long as the start of a server: no server is needed. */
export async function warmUpLoad(
  { transport, service, requests, timeoutSeconds, sources }: LoadOptions,
): Promise<void> {
  // A Unix socket runs the same code as TCP, and leaves no ports in TIME_WAIT.
  const name = transport === "tcp" ? "unix" : transport;
  const from = sources === 0 ? [] : [AUTOBIND];
  const timeout = socketTimeout(timeoutSeconds);
  warmUp(await transports[name](), { service, requests, timeout, sources: from });
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

/** The task of a client, and the one before it, which is not counted. */
export async function tasksOf(
  options: LoadOptions,
  { host, port, path }: Listening,
): Promise<{ before: Task; task: Task }> {
  const { connections, requests, limitSeconds, thinkMilliseconds, warmUpConnections } = options;
  const transport = await transports[options.transport]();
  const timeout = socketTimeout(options.timeoutSeconds);
  const client = transport.client(
    { host, port, path: path ?? undefined },
    options,
    timeout,
    sourcesOf(options),
  );
  return {
    before: {
      client,
      connections: warmUpConnections,
      requests,
      limitMilliseconds: Infinity,
      thinkMilliseconds: 0,
    },
    task: {
      client,
      connections,
      requests,
      limitMilliseconds: limitSeconds === 0 ? Infinity : 1000 * limitSeconds,
      thinkMilliseconds,
    },
  };
}
