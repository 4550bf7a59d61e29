/**
 * A server on another machine, which accounts for itself there.
 *
 * @module
 */
import type { Placement, ServerOptions } from "../../servers/host/protocol.ts";
import type { Counters } from "../machine/counters.ts";
import { Link } from "./link.ts";
import { type AnyServer, SERVER_PROGRAM, type ServerListening, startServer } from "./server.ts";

/** Starts a server on a host. @throws {HerdError} if that cannot be reached, or cannot run it. */
export async function startServerOn(
  host: string,
  via: string,
  options: Partial<ServerOptions> & Pick<ServerOptions, "design">,
  placement: Omit<Placement, "owner">,
  listen: ServerListening = {},
): Promise<AnyServer & { counters(): Promise<Counters> }> {
  const link = await Link.open({ names: [host], via });
  const program = link.program(host, SERVER_PROGRAM);
  // A launcher starts a server on every processor: on each of that machine.
  const launch = options.launch && {
    ...options.launch,
    processors: placement.processors ?? processorsIn(link.environments.get(host)!.cpuset ?? "0"),
  };
  const agent = startServer({ ...options, launch: launch ?? null }, placement, {
    ...listen,
    program,
  });
  return {
    pids: link.pids,
    next: (name, limit) => agent.next(name, limit),
    send: (request) => agent.send(request),
    signal: (signal) => agent.signal(signal),
    failure: async (limit) => {
      const failure = await agent.failure(limit);
      return failure && `${failure} (on ${host})`;
    },
    counters: () => link.counters(host, placement.processors),
    async [Symbol.asyncDispose]() {
      agent.signal("SIGTERM");
      await link[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
    },
  };
}

/** The processors of a list such as `0-3,8`, as the kernel writes it. */
function processorsIn(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
