/**
 * What the load program reads and prints, as `servers/host/protocol.ts` says it of the server program.
 *
 * @module
 */
import type { TransportName } from "../servers/design.ts";
import type { Placement } from "../servers/host/protocol.ts";

/** Options of the load program, `clients/main.ts`. */
export interface LoadOptions {
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
  /** Path of a local server; null: it is at a port. */
  readonly path: string | null;
  /** Clients at the same time. */
  readonly clients: number;
  /** Connections each client makes, one after the other. */
  readonly connections: number;
  /** Bytes asked for on each connection. */
  readonly bytes: number;
  /** Connections each client makes before, which do not count. */
  readonly warmUpConnections: number;
  /** How long a client waits between two connections, in milliseconds. */
  readonly thinkMilliseconds: number;
  /** How long a connection may make no progress, in seconds. */
  readonly timeoutSeconds: number;
  readonly placement: Placement;
}

/** The one request to the load program: starts the clients. Until then they wait. */
export interface LoadRequest {
  readonly request: "go";
}

/** What a load came to. */
export interface LoadReport {
  /** Connections answered in full. */
  readonly connections: number;
  /** Connections that failed, by kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the first client's start to the last one's end. */
  readonly wallSeconds: number;
  readonly connectionsPerSecond: number;
  /** CPU seconds of all clients. */
  readonly cpu: { readonly user: number; readonly system: number; readonly total: number };
  /** Seconds that a connection took, from connect to the end of its reply. */
  readonly latency: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    /** HdrHistogram of microseconds, V2 compressed, base64. */
    readonly histogram: string;
  };
}

/** Events of the load program; or an `ErrorEvent`, and none after that. */
export type LoadEvent =
  /** Every client has warmed up and waits for `go`. */
  | { readonly event: "ready" }
  /** Every client is done. */
  | { readonly event: "finished" }
  | { readonly event: "report"; readonly report: LoadReport };
