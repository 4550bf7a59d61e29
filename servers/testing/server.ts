/**
 * A server program, as bench runs it.
 *
 * @module
 */
import { denoArguments } from "../../bench/agents/program.ts";
import { SERVER_DEFAULTS, SERVER_PROGRAM } from "../../bench/agents/server.ts";
import { ServerLine } from "../../bench/record/lines.ts";
import type { Launch } from "../children/launch.ts";
import type { Design } from "../design.ts";
import { requireDesign } from "../designs.ts";
import type { Report } from "../host/account.ts";
import type { ErrorEvent, Placement, ServerEvent, ServerOptions } from "../host/protocol.ts";
import { affinity } from "../posix/processes.ts";
import { type Outcome, RunningProcess } from "./process.ts";

/** How a server is started. */
export interface ServerStart extends Partial<Omit<ServerOptions, "launch" | "placement">> {
  readonly launch?: Partial<Launch>;
  /** A listing that is not in the registry, in place of the design's. */
  readonly listing?: URL;
  /** A program, and its arguments, that is given the command line to run. */
  readonly via?: readonly string[];
}

/** How a server ended. */
export interface ServerOutcome extends Outcome {
  readonly report: Report | undefined;
  /** Why it ended by itself; null where it did not. */
  readonly failure: string | null | undefined;
  /** The events since it was last read from. */
  readonly events: readonly (ServerEvent | ErrorEvent)[];
}

type Ready = Extract<ServerEvent, { event: "ready" }>;

/** A server. */
export class RunningServer extends RunningProcess {
  readonly #options: object;
  #ready: Ready | undefined;

  constructor(design: string, { launch, listing, via = [], ...options }: ServerStart = {}) {
    super([...via, Deno.execPath(), ...denoArguments(listing ? LISTING_PROGRAM : SERVER_PROGRAM)]);
    const exec = requireDesign(design).children === "exec";
    this.#options = {
      ...SERVER_DEFAULTS,
      children: 2,
      design,
      ...options,
      listing: listing?.href,
      launch: exec ? { ...LAUNCH, processors: affinity(), ...launch } : null,
    };
  }

  /** What it said when it was ready. */
  get ready(): Ready {
    return this.#ready!;
  }

  get port(): number {
    return this.ready.port;
  }

  /** Where clients connect: its port, or its path. */
  get place(): number | string {
    return this.ready.path ?? this.ready.port;
  }

  /** Sends it its options. */
  async begin(placement: Partial<Placement> = {}): Promise<void> {
    const place = { session: "same", processors: null, owner: Deno.pid, ...placement };
    await this.write(JSON.stringify({ ...this.#options, placement: place }));
  }

  /** Waits until it is ready. */
  async waitUntilReady(): Promise<void> {
    const event = await this.next();
    if (event?.event === "ready") this.#ready = event;
    else throw new Error(`not ready: ${JSON.stringify(event)} ${(await this.ended()).stderr}`);
  }

  /** The next event, or undefined at the end. */
  async next(): Promise<ServerEvent | ErrorEvent | undefined> {
    const line = await this.nextLine();
    return line === undefined ? undefined : ServerLine.parse(JSON.parse(line));
  }

  /** Starts the account afresh. */
  async mark(): Promise<void> {
    await this.write('{"request":"mark"}');
    const event = await this.next();
    if (event?.event !== "marked") throw new Error(`not marked: ${JSON.stringify(event)}`);
  }

  /** Waits for its end. */
  override async ended(): Promise<ServerOutcome> {
    const outcome = await super.ended();
    const lines = outcome.stdout.split("\n").filter((line) => line.startsWith("{"));
    const events = lines.map((line) => ServerLine.parse(JSON.parse(line)));
    const last = events.find((event) => event.event === "report");
    return { ...outcome, events, report: last?.report, failure: last?.failure };
  }

  /** Ends it. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<ServerOutcome> {
    this.signal(signal);
    return await this.ended();
  }
}

/** The server program, which takes a listing besides. */
const LISTING_PROGRAM = "servers/testing/listing_main.ts";

const LAUNCH: Omit<Launch, "processors"> = { idleSeconds: 0, echo: false, verbose: false };

/** Starts a server on a port of its own and waits until it is ready. */
export async function startServer(design: string, start: ServerStart = {}): Promise<RunningServer> {
  await using starting = new AsyncDisposableStack();
  const server = starting.use(new RunningServer(design, start));
  await server.begin();
  await server.waitUntilReady();
  starting.move();
  return server;
}

/** The children that a pool has of which `wanted` are wanted: a launcher has one for each processor. */
export function poolSize({ children }: Design, wanted: number): number {
  return children === "exec" ? affinity().length : wanted;
}

/** The sum of a figure over the children of a report. */
export function sumOf(
  report: Report | undefined,
  figure: "connections" | "given" | "lost" | "rejected" | "requests",
): number {
  return report?.children.reduce((sum, child) => sum + (child[figure] ?? 0), 0) ?? NaN;
}
