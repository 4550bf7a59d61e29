/**
 * What the commands do, as functions.
 *
 * Options that a function cannot use are a `UsageError`, whose `option` is the name of the option.
 *
 * @module
 */
import type { ArrivalsName } from "../clients/arrivals.ts";
import { BOOK } from "../clients/book.ts";
import { requirePorts } from "../clients/ports.ts";
import type { LoadReport } from "../clients/protocol.ts";
import type { Launch } from "../servers/children/launch.ts";
import type { Design, Policy, ServiceName, Steering, TransportName } from "../servers/design.ts";
import { isReachable, limitsRequests, requireDesign, usualDesigns } from "../servers/designs.ts";
import { FailedError, UsageError } from "../servers/errors.ts";
import type { Report } from "../servers/host/account.ts";
import { loopbackHost } from "../servers/posix/network.ts";
import { affinity } from "../servers/posix/processes.ts";
import { makePlan } from "./plan/plan.ts";
import { withTaskLimit } from "./plan/preflight.ts";
import { requireInRange } from "./plan/ranges.ts";
import { serviceTime } from "./plan/service_time.ts";
import { requireService } from "./plan/service.ts";
import { variantsOf } from "./plan/variants.ts";
import { LIMITS } from "./record/record.ts";
import type { Parameter, Recorded } from "./record/types.ts";
import { recordRun } from "./run/record_run.ts";
import { writeDerived } from "./report/files.ts";
import { reportData } from "./report/summary/report_data.ts";
import { startAnyLoad } from "./agents/hosts_load.ts";
import { LOAD_DEFAULTS } from "./agents/load.ts";
import { hostsIn, type HostsOptions, placesIn, type PlacesOptions } from "./agents/places.ts";
import { startServer } from "./agents/server.ts";

/** A run. The default is the load of the book: 10 clients × 500 connections × 4000 bytes, 15 children. */
export interface BenchOptions extends RequestTimeOptions, PlacesOptions {
  /** Ids of designs (default: the rows of the book; with `local`, the local ones). The baseline always runs. */
  readonly designs?: readonly string[];
  /** Exact number of rounds (default: as many as fit into 3 minutes, fewer of slow designs). */
  readonly rounds?: number;
  /** Clients at the same time. */
  readonly clients?: number;
  /** Connections of each client, one after another. */
  readonly connections?: number;
  /** Seconds for which clients make connections, in place of a number of them. */
  readonly duration?: number;
  /** Requests on each connection, one after another (default 1). */
  readonly requests?: number;
  /** Bytes of each request. */
  readonly bytes?: number;
  /** What is done for a client (default the book's service); doors and channels have no other. */
  readonly service?: ServiceName;
  /** Children of a pool. */
  readonly children?: number;
  /** How the kernel deals connections to the sockets of `prefork-reuseport` (default "hash"). */
  readonly steer?: Steering;
  /** Which free child `prefork-fd-passing` passes a connection to (default "lowest-free"). */
  readonly policy?: Policy;
  /** Milliseconds that a client waits between two connections (default 0). */
  readonly think?: number;
  /** Requests a second, due whatever the server answers (default 0: each client waits for its replies). */
  readonly rate?: number;
  /** When they are due: at random, in a Poisson process (default), or evenly. */
  readonly arrivals?: ArrivalsName;
  /** Runs every design at each of these values in every round; `sweepPoints()` splits the record by value. */
  readonly sweep?: SweepOptions;
  /** Reaches servers over Unix-domain sockets, doors and channels instead of TCP. */
  readonly local?: boolean;
  /** Reaches servers over IPv6, at ::1. */
  readonly ipv6?: boolean;
  /** Seed of the random order within the rounds, below 2³² (default: a random one). */
  readonly seed?: number;
  /** Folder to record into, empty or new (default: `results/TIME`). */
  readonly folder?: string;
  /** Ends the run early; finished trials stay recorded. */
  readonly signal?: AbortSignal;
}

/** A sweep over clients keeps the total number of connections, `clients` × `connections`, constant. */
export interface SweepOptions {
  readonly parameter: Parameter;
  readonly values: readonly number[];
}

/**
 * Runs designs and records the run. A trial that fails is in the record with its reason, and ends nothing.
 *
 * @returns the record.
 * @throws {UsageError} for an unknown design, one that needs `local`, a number out of range, or a folder that
 * cannot be written or is not empty.
 * @throws {RecordError} if the record cannot be written, such as on a full disk.
 */
export async function bench(options: BenchOptions = {}): Promise<Recorded> {
  const { folder, signal, sweep, local = false, hosts, via, serverHost, address, ...rest } =
    options;
  const { designs = usualDesigns(local).map(({ id }) => id) } = options;
  requireNumbers(options);
  const plan = makePlan({
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
    ...rest,
    ...variantsOf(designs, options),
    local,
    hosts: placesIn({ hosts, via, serverHost, address }),
    sweep: sweep ? { ...sweep, values: [...sweep.values] } : null,
    designs: designs.map((id) => requireDesign(id).id),
  });
  const { recorded, folder: recordedIn } = await recordRun(plan, {
    ...(folder === undefined ? {} : { folder }),
    ...(signal === undefined ? {} : { signal }),
  });
  await writeDerived(recordedIn, await reportData(recorded));
  return recorded;
}

function requireNumbers(
  options: BenchOptions,
): void {
  const { rounds, clients, connections, duration, requests, bytes, children, sweep } = options;
  const { think, rate, work, wait, seed } = options;
  requireOneEnd({ connections, duration });
  requireInRange({ rounds, clients, connections, duration, requests, bytes, children });
  requireInRange({ think, rate, work, wait, seed });
  if (sweep === undefined) return;
  if (sweep.values.length === 0) {
    throw new UsageError("Cannot sweep over no values", { option: "sweep" });
  }
  for (const value of sweep.values) requireInRange({ [sweep.parameter]: value });
}

/** A running server. Dispose of it, or stop it. */
export interface Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Path at which it listens instead of a port. */
  readonly path: string | undefined;
  /** Restarts its account. @throws {FailedError} if the server has failed. */
  mark(): Promise<void>;
  /**
   * Stops it and returns its cost since the mark, or since it was ready.
   *
   * @throws {FailedError} with the reason, if the server has failed.
   */
  stop(): Promise<Report>;
}

/** How long each request takes in a server, besides its reply. */
export interface RequestTimeOptions {
  /** Microseconds of CPU time (default 0). */
  readonly work?: number;
  /** Whether these are the same for each request (default), or the mean of an exponential distribution. */
  readonly workDistribution?: "fixed" | "exponential";
  /** Milliseconds that it waits, as for a database (default 0). */
  readonly wait?: number;
  /** Likewise. */
  readonly waitDistribution?: "fixed" | "exponential";
}

/** Options of a server. */
export interface ServeOptions extends RequestTimeOptions {
  /** Name or address to listen at (default 127.0.0.1, or ::1 without IPv4: for this machine only). */
  readonly host?: string;
  /** Port (default 0: the system chooses a free one). */
  readonly port?: number;
  /** Absolute path, or `@` and an abstract name, to listen at instead of a port. */
  readonly path?: string;
  /** Children of a pool (default 15). */
  readonly children?: number;
  /** How the kernel deals connections to the sockets of `prefork-reuseport` (default "hash"). */
  readonly steer?: Steering;
  /** Which free child `prefork-fd-passing` passes a connection to (default "lowest-free"). */
  readonly policy?: Policy;
  /** What is done for a client (default the book's service); doors and channels have no other. */
  readonly service?: ServiceName;
  /** Seconds that a client may take for a request, or to read a reply (default 0: no limit). */
  readonly requestTimeout?: number;
}

/**
 * Starts a server design on a port, or at a path; resolves when every child is ready.
 *
 * @throws {UsageError} for an unknown design, a design that needs a path, a number out of range, a host that is
 * not this machine, or a port or path in use.
 * @throws {UnsupportedError} if this machine cannot run the design, such as where fork(2) does not work.
 * @throws {FailedError} if it does not become ready.
 */
export async function serve(
  design: string,
  given: ServeOptions = {},
): Promise<Server> {
  const { host, port = 0, path, children = BOOK.children, service = "bytes", ...times } = given;
  const found = requireDesign(design);
  requireAddress(found, { host, port, path });
  const requestTimeoutSeconds = requestTimeoutOf(found, given.requestTimeout);
  const { work = 0, workDistribution = "fixed", wait = 0, waitDistribution = "fixed" } = times;
  requireInRange({ port, children, work, wait });
  requireService(found, { service });
  await using starting = new AsyncDisposableStack();
  const launch = launchOf(found);
  const where = { host: host ?? null, port, path: path ?? null };
  const variants = variantsOf([found.id], given);
  const time = serviceTime({ work, workDistribution, wait, waitDistribution, seed: 0 });
  const served = { service, serviceTime: time };
  const options = {
    design: found.id,
    ...where,
    children: found.isPerCore && given.children === undefined ? null : children,
    ...variants,
    ...served,
    requestTimeoutSeconds,
    launch,
  };
  const server = starting.use(startServer(options));
  const ready = await server.next("ready", LIMITS.start).catch((error) => {
    throw withTaskLimit(error, children);
  });
  starting.move();
  return {
    host: ready.host,
    port: ready.port,
    path: ready.path ?? undefined,
    async mark() {
      await server.send({ request: "mark" });
      await server.next("marked", LIMITS.stop);
    },
    async stop() {
      await using _ = server;
      // One that has failed has already reported, with the reason.
      await server.send({ request: "stop" }).catch(() => {});
      const { report, failure } = await server.next("report", LIMITS.stop);
      if (failure !== null) throw new FailedError(`${found.id} failed: ${failure}`);
      return report;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function requireAddress(
  design: Design,
  { host, port, path }: { host: string | undefined; port: number; path: string | undefined },
): void {
  if (!isReachable(design, path !== undefined)) {
    const why = path === undefined
      ? "on a port: it needs a path"
      : "at a path: it listens at a port only";
    throw new UsageError(`Cannot serve ${design.id} ${why}`, { option: "path" });
  }
  if (path !== undefined && (port !== 0 || host !== undefined)) {
    throw new UsageError("Cannot serve both on a port and at a path", { option: "path" });
  }
}

/** @throws {UsageError} for no number of seconds, or if no client of the design waits for another's. */
function requestTimeoutOf(design: Design, seconds = 0): number {
  const option = "requestTimeout";
  if (!(seconds >= 0 && seconds <= MOST_SECONDS)) {
    const message = `Cannot use ${seconds} as ${option}: it must be 0 to ${MOST_SECONDS} seconds`;
    throw new UsageError(message, { option });
  }
  if (seconds === 0 || limitsRequests(design)) return seconds;
  throw new UsageError(
    `Cannot limit the time of a request with ${design.id}, where nobody waits for a slow client`,
    { option },
  );
}

const MOST_SECONDS = 1_000_000;

/** A launcher starts a server on every processor. */
function launchOf({ children }: Design): Launch | null {
  if (children !== "exec") return null;
  return { processors: affinity(), idleSeconds: 0, echo: false, verbose: false };
}

/** Options of a load. */
export interface LoadOptions extends HostsOptions {
  /** Port of the server; or `path`. */
  readonly port?: number;
  /** Name or address of the host (default 127.0.0.1, or ::1 without IPv4); each address of a name is tried. */
  readonly host?: string;
  /** Path of a local server, instead of a port. */
  readonly path?: string | undefined;
  /** Transport (default TCP; at a path, a Unix-domain socket). */
  readonly transport?: TransportName;
  /** Clients at the same time (default 10). */
  readonly clients?: number;
  /** Connections of each client (default 500). */
  readonly connections?: number;
  /** Seconds for which clients make connections, in place of a number of them. */
  readonly duration?: number;
  /** Requests on each connection, one after another (default 1). */
  readonly requests?: number;
  /** Bytes of each request (default 4000). */
  readonly bytes?: number;
  /** The service to ask for (default the book's). */
  readonly service?: ServiceName;
  /**
   * Requests a second, due whatever the server answers, on at most `clients` connections at a time (default 0: each
   * client waits for its replies). Latency then counts from when a request was due.
   */
  readonly rate?: number;
  /** When they are due: at random, in a Poisson process (default), or evenly. */
  readonly arrivals?: ArrivalsName;
  /** Seed of the random times (default 1). */
  readonly seed?: number;
}

/**
 * Loads a server with clients: forked, or threads where fork does not work. Connections that fail are in the report, by kind of error.
 *
 * @returns what the clients saw.
 * @throws {UsageError} for an unknown host, no port or path, or a number out of range.
 * @throws {UnsupportedError} if there are too few local ports, or one of `hosts` cannot run Herd.
 * @throws {FailedError} if a client died, one of `hosts` was lost, or no request was answered.
 */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const { port = 0, host = loopbackHost(), path, hosts, via, duration, ...counted } = options;
  const { transport = path === undefined ? "tcp" : "unix" } = options;
  const { clients, connections, requests, bytes, service, rate } = options;
  const rest = duration === undefined
    ? counted
    : { ...counted, connections: null, limitSeconds: duration };
  if (path === undefined && port === 0) {
    throw new UsageError("Cannot load a server without a port or a path", { option: "port" });
  }
  requireOneEnd({ connections, duration });
  requireInRange({
    port,
    clients,
    connections,
    duration,
    requests,
    bytes,
    rate,
    seed: options.seed,
  });
  requireService({ transport }, { service, requests, clients, rate });
  const on = hostsIn({ hosts, via }, transport);
  const work = { ...LOAD_DEFAULTS, ...rest, transport };
  const sources = path === undefined && on === null ? requirePorts(work, host, port) : 0;
  const placement = { session: "same", processors: null } as const;
  await using load = await startAnyLoad(on, { ...work, sources }, placement);
  // If it has ended already, `next` reports the reason.
  await load.send({ request: "connect", host, port, path: path ?? null }).catch(() => {});
  await load.next("ready", LIMITS.start);
  await load.send({ request: "go" });
  const { report } = await load.next("report", LIMITS.run + (duration ?? 0));
  if (report.requests !== 0) return report;
  // There is no latency of it.
  const errors = Object.entries(report.errors).map(([kind, count]) => `${count} × ${kind}`);
  throw new FailedError(`Cannot load the server: no request was answered (${errors.join(", ")})`);
}

function requireOneEnd(
  { connections, duration }: { connections?: number | undefined; duration?: number | undefined },
): void {
  if (connections === undefined || duration === undefined) return;
  throw new UsageError("Cannot end a load both after a number of connections and after seconds", {
    option: "duration",
  });
}
