/**
 * A load whose clients are on several machines: each has its share, all start at the same time, and their reports
 * become one.
 *
 * @module
 */
import { mergeReports } from "../../clients/merge.ts";
import type {
  HostLoad,
  LoadEvent,
  LoadOptions,
  LoadReport,
  LoadRequest,
} from "../../clients/protocol.ts";
import type { Placement } from "../../servers/host/protocol.ts";
import { monotonicNanoseconds } from "../../servers/posix/clocks.ts";
import { AgentError } from "./agent.ts";
import type { Hosts } from "./engines.ts";
import { Link } from "./link.ts";
import { agentOf, type AnyLoad, LOAD_PROGRAM, type LoadAgent, startUnconnected } from "./load.ts";
import { measureOffsets, type Offset } from "./offsets.ts";

/** From the agreement to the start, beside the way there: a host may be busy. In nanoseconds. */
const LEAD = 100e6;

/** The way there is taken to be at most so many times the bound of an offset. */
const LEAD_BOUNDS = 10;

/** The clients of each host, as evenly as they go. A host for which there is none takes no part. */
export function sharesOf(clients: number, names: readonly string[]): Map<string, number> {
  const shares = names.map((name, i) =>
    [name, Math.floor(clients / names.length) + (i < clients % names.length ? 1 : 0)] as const
  );
  return new Map(shares.filter(([, share]) => share > 0));
}

/** Starts the load program on hosts. @throws {HerdError} if one cannot be reached, or cannot run it. */
export async function startLoadOn(
  { names, via }: Hosts,
  options: Omit<LoadOptions, "placement">,
  placement: Omit<Placement, "owner">,
): Promise<HostsLoad> {
  const shares = sharesOf(options.clients, names);
  const link = await Link.open({ names: [...shares.keys()], via });
  return new HostsLoad(
    link,
    new Map([...shares].map(([name, clients], i) => {
      // Poisson processes that are independent of each other add up to one.
      const rate = options.rate * clients / options.clients;
      const own = { ...options, clients, rate, seed: (options.seed + i) % 2 ** 32, sources: 0 };
      const agent = agentOf(own, placement, {
        name: `load on ${name}`,
        program: link.program(name, LOAD_PROGRAM),
      });
      return [name, { clients, agent }];
    })),
  );
}

/**
 * Starts a load here or, if there are any, on hosts. It waits for `connect`.
 *
 * @param options With null sources a load here has as many as it needs to one of this machine's servers.
 */
export async function startAnyLoad(
  hosts: Hosts | null,
  { sources, ...options }: Omit<LoadOptions, "placement" | "sources"> & { sources: number | null },
  placement: Omit<Placement, "owner">,
): Promise<AnyLoad> {
  return hosts === null
    ? startUnconnected(sources === null ? options : { ...options, sources }, placement)
    : await startLoadOn(hosts, { ...options, sources: 0 }, placement);
}

type ReportEvent = Extract<LoadEvent, { readonly event: "report" }>;

/** The load of one host. */
interface Member {
  readonly clients: number;
  readonly agent: LoadAgent;
}

/** A load on several hosts, which speaks the protocol of one. */
export class HostsLoad implements AnyLoad {
  readonly #link: Link;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #spans = new Map<string, { start: number; end: number }>();
  #offsets = new Map<string, Offset>();

  constructor(link: Link, members: ReadonlyMap<string, Member>) {
    this.#link = link;
    this.#members = members;
  }

  get pids(): readonly number[] {
    return this.#link.pids;
  }

  /** Waits for an event of every host. @throws {Error} as `Agent.next`, for the first host that fails. */
  async next<Name extends LoadEvent["event"]>(
    name: Name,
    limitSeconds?: number,
  ): Promise<Extract<LoadEvent, { readonly event: Name }>> {
    // The report needs the times of the end.
    if (name === "report" && this.#spans.size === 0) await this.next("finished", limitSeconds);
    const events = await Promise.all(
      [...this.#members].map(async ([host, { agent }]) => {
        const event: LoadEvent = await agent.next(name, limitSeconds);
        if (event.event === "finished") this.#spans.set(host, this.#onOurClock(host, event));
        return [host, event] as const;
      }),
    );
    type Named = Extract<LoadEvent, { readonly event: Name }>;
    if (name === "finished") {
      const spans = [...this.#spans.values()];
      const start = 1000 * Math.min(...spans.map(({ start }) => start));
      const end = 1000 * Math.max(...spans.map(({ end }) => end));
      return { event: "finished", start, end } as LoadEvent as Named;
    }
    if (name !== "report") return events[0]![1] as Named;
    const reports = new Map(
      events.flatMap(([host, event]) => event.event === "report" ? [[host, event]] : []),
    );
    return { event: "report", report: await this.#merge(reports) } as LoadEvent as Named;
  }

  /** Seconds of our clock. */
  #onOurClock(host: string, { start, end }: { start: number; end: number }) {
    const ahead = this.#offsets.get(host)!.nanoseconds / 1e6;
    return { start: (start - ahead) / 1000, end: (end - ahead) / 1000 };
  }

  async #merge(reports: ReadonlyMap<string, ReportEvent>): Promise<LoadReport> {
    const parts = [...reports].map(([host, { report, counts }]) => (
      { report, counts: counts!, ...this.#spans.get(host)! } // counts: each was given its start
    ));
    const first = Math.min(...parts.map(({ start }) => start));
    const hosts = [...reports].map(([host, { report }]): HostLoad => {
      const { nanoseconds, bound } = this.#offsets.get(host)!;
      const { connections, requests, errors, wallSeconds, cpu, latency } = report;
      return {
        host,
        clients: this.#members.get(host)!.clients,
        connections,
        requests,
        errors,
        wallSeconds,
        cpu,
        latency,
        offsetSeconds: nanoseconds / 1e9,
        offsetBoundSeconds: bound / 1e9,
        skewSeconds: this.#spans.get(host)!.start - first,
      };
    });
    return { ...await mergeReports(parts), hosts };
  }

  /** Sends a request to every host; `go` with a time for all of them. */
  async send(request: LoadRequest): Promise<void> {
    if (request.request === "go") this.#offsets = await measureOffsets(this.#link);
    const lost = [...this.#members.keys()].find((host) =>
      request.request === "go" && !this.#offsets.has(host)
    );
    if (lost !== undefined) {
      await this.#members.get(lost)!.agent.next("finished"); // says why
      throw new AgentError(`lost ${lost}`);
    }
    const bounds = [...this.#offsets.values()].map(({ bound }) => bound);
    const at = monotonicNanoseconds() + LEAD + LEAD_BOUNDS * Math.max(0, ...bounds);
    await Promise.all([...this.#members].map(([host, { agent }]) => {
      const ahead = this.#offsets.get(host)?.nanoseconds ?? 0;
      return agent.send(request.request === "go" ? { request: "go", at: at + ahead } : request);
    }));
  }

  signal(signal: Deno.Signal): void {
    for (const { agent } of this.#members.values()) agent.signal(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.#link[Symbol.asyncDispose]();
    await Promise.all([...this.#members.values()].map(({ agent }) => agent[Symbol.asyncDispose]()));
  }
}
