/**
 * What the commands do, as functions.
 *
 * @module
 */
import type { LoadReport } from "../clients/load.ts";
import type { Report } from "../servers/host/account.ts";
import { requireDesign } from "../servers/cli.ts";
import { usualDesigns } from "../servers/designs.ts";
import type { TransportName } from "../servers/transports/transport.ts";
import { makePlan } from "./plan.ts";
import { LIMITS, type Parameter, type Recorded } from "./record.ts";
import { recordRun } from "./record_run.ts";
import { Subprocess } from "./subprocess.ts";

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
  const { recorded } = await recordRun(plan, {
    ...(folder === undefined ? {} : { folder }),
    ...(signal === undefined ? {} : { signal }),
  });
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
  { port = 0, path, children = 15 }: { port?: number; path?: string; children?: number } = {},
): Promise<Server> {
  const { id } = requireDesign(design);
  const server = new Subprocess("servers/serve.ts", [
    id,
    path === undefined ? `--port=${port}` : `--path=${path}`,
    `--children=${children}`,
  ]);
  try {
    const ready = await server.next("ready", LIMITS.start);
    return {
      host: ready.host as string,
      port: ready.port as number,
      path: ready.path as string | undefined,
      mark: async () => {
        await server.say("mark");
        await server.next("marked", LIMITS.stop);
      },
      stop: async () => {
        server.signal("SIGTERM");
        const { event: _, ...report } = await server.next("report", LIMITS.stop);
        await server[Symbol.asyncDispose]();
        return report as unknown as Report;
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
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

/** Loads a server with forked clients, and gives what they saw. */
export async function load(
  { port, host, path, transport, clients = 10, connections = 500, bytes = 4000 }: LoadOptions,
): Promise<LoadReport> {
  const target = Object.entries({ port, host, path, transport })
    .flatMap(([name, value]) => value === undefined ? [] : [`--${name}=${value}`]);
  await using load = new Subprocess("clients/load.ts", [
    ...target,
    `--clients=${clients}`,
    `--connections=${connections}`,
    `--bytes=${bytes}`,
  ]);
  await load.next("ready", LIMITS.start);
  await load.say("go");
  const { event: _, ...report } = await load.next("report", LIMITS.run);
  return report as unknown as LoadReport;
}
