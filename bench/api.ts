/**
 * What the commands do, as functions.
 *
 * @module
 */
import { BOOK } from "../clients/book.ts";
import type { LoadReport } from "../clients/protocol.ts";
import type { Report } from "../servers/host/account.ts";
import { requireDesign, usualDesigns } from "../servers/designs.ts";
import type { TransportName } from "../servers/design.ts";
import { makePlan } from "./plan/plan.ts";
import { LIMITS, type Parameter, type Recorded } from "./record/record.ts";
import { recordRun } from "./run/record_run.ts";
import { writeDerived } from "./report/files.ts";
import { reportData } from "./report/summary/report_data.ts";
import { startLoad } from "./agents/load.ts";
import { startServer } from "./agents/server.ts";

/** A run. What is left out is as in the book: 10 clients × 500 connections × 4000 bytes, 15 children. */
export interface BenchOptions {
  /** Ids of designs (default: as `deno task bench`); the baseline always runs, too. */
  readonly designs?: readonly string[];
  /** Of every design (default: 7, and fewer of one whose loads take longer than 45 s in all). */
  readonly rounds?: number;
  readonly clients?: number;
  /** Connections each client makes. */
  readonly connections?: number;
  readonly bytes?: number;
  readonly children?: number;
  /** What a client waits between two connections, in milliseconds (default 0). */
  readonly think?: number;
  /** Runs every design at each of these values in every round; `sweepPoints()` takes the record apart. */
  readonly sweep?: SweepOptions;
  /** Reaches servers over Unix-domain sockets, or a local transport of their own, and not over TCP. */
  readonly local?: boolean;
  /** Seed of the order within the rounds, below 2³² (default: a random one). */
  readonly seed?: number;
  /** Folder to record into, empty or new (default: `results/TIME`). */
  readonly folder?: string;
  /** Ends the run early; what was measured stays recorded. */
  readonly signal?: AbortSignal;
}

/** What a sweep varies. With more clients, `clients` × `connections` stay what they are in all. */
export interface SweepOptions {
  readonly parameter: Parameter;
  readonly values: readonly number[];
}

/**
 * Runs designs, records the run, and gives the record.
 *
 * @throws {UsageError} for an unknown design, one that is only reached locally where `local` is not set,
 * or a folder that cannot be written or is not empty.
 */
export async function bench(options: BenchOptions = {}): Promise<Recorded> {
  const { folder, signal, sweep, local = false, ...rest } = options;
  const { designs = usualDesigns(local).map(({ id }) => id) } = options;
  const plan = makePlan({
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
    ...rest,
    local,
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

/** A server that is running. Dispose of it, or stop it. */
export interface Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Where it listens in place of a port. */
  readonly path: string | undefined;
  /** Starts the account afresh. */
  mark(): Promise<void>;
  /** Ends the server and tells what it cost since the mark (or since it was ready). */
  stop(): Promise<Report>;
}

/**
 * Starts a server design on a port of 127.0.0.1, or at a path; resolves when every child is ready. A
 * path is absolute, or `@` and an abstract name.
 *
 * @throws {UsageError} for an unknown design.
 */
export async function serve(
  design: string,
  { port = 0, path, children = BOOK.children }: {
    port?: number;
    path?: string;
    children?: number;
  } = {},
): Promise<Server> {
  const { id } = requireDesign(design);
  await using starting = new AsyncDisposableStack();
  const server = starting.use(startServer({ design: id, port, path: path ?? null, children }));
  const ready = await server.next("ready", LIMITS.start);
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
      await server.send({ request: "stop" });
      return (await server.next("report", LIMITS.stop)).report;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A load. */
export interface LoadOptions {
  readonly port?: number;
  /** Name or address (default 127.0.0.1). */
  readonly host?: string;
  /** Path of a local server, in place of a port. */
  readonly path?: string | undefined;
  /** How it is reached (default: over TCP; at a path, over a Unix-domain socket). */
  readonly transport?: TransportName;
  /** Clients at the same time (default 10). */
  readonly clients?: number;
  /** Connections each client makes (default 500). */
  readonly connections?: number;
  /** Bytes asked for on each connection (default 4000). */
  readonly bytes?: number;
}

/**
 * Loads a server with forked clients, and gives what they saw.
 *
 * @throws {UnsupportedError} where fork(2) does not work.
 * @throws {FailedError} where a client died.
 */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const { path, transport = path === undefined ? "tcp" : "unix", ...rest } = options;
  await using load = startLoad({ ...rest, path: path ?? null, transport });
  await load.next("ready", LIMITS.start);
  await load.send({ request: "go" });
  return (await load.next("report", LIMITS.run)).report;
}
