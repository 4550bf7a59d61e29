/**
 * The protocol of the load program; `servers/host/protocol.ts` is that of the server program.
 *
 * @module
 */
import type { ServiceName, TransportName } from "../servers/design.ts";
import type { ArrivalsName } from "./arrivals.ts";
import type { Listening, Placement } from "../servers/host/protocol.ts";

/** Options of the load program, `clients/main.ts`. */
export interface LoadOptions {
  readonly transport: TransportName;
  /** Number of concurrent clients. */
  readonly clients: number;
  /** Connections per client, one after another; null: as many as it makes before the limit. */
  readonly connections: number | null;
  /** The service that the server is asked for; over doors and channels the book's. */
  readonly service: ServiceName;
  /** Requests on each connection, one after another; over doors and channels one. */
  readonly requests: number;
  /** Bytes of each request. */
  readonly bytes: number;
  /** The target of HTTP requests, such as `/index.html`; null: that of `bytes`. */
  readonly target: string | null;
  /** Connections per client before the start, which are not counted. */
  readonly warmUpConnections: number;
  /** Seconds after which no client starts another connection; 0: no limit. */
  readonly limitSeconds: number;
  /** Pause of a client between two connections. */
  readonly thinkMilliseconds: number;
  /**
   * Requests a second, due whatever the server answers, from one process that has at most so many connections open
   * as there are clients; 0: each client waits for its replies.
   */
  readonly rate: number;
  readonly arrivals: ArrivalsName;
  /** Of the times of a Poisson process, below 2³². */
  readonly seed: number;
  /** Timeout of each call on a connection. */
  readonly timeoutSeconds: number;
  /** Number of addresses of 127.0.0.0/8 from which to connect to that network; 0: the system chooses one. */
  readonly sources: number;
  /** What names the worker in an HTTP reply: the source of a regular expression (`WorkerCounts`); null: nothing. */
  readonly workerPattern: string | null;
  /**
   * Look up which process below this one has the server's end of each connection, in a load of one process, which is
   * slow; null: do not.
   */
  readonly owners: number | null;
  readonly placement: Placement;
}

/** Requests to the load program, in this order. */
export type LoadRequest =
  /** Makes the clients of this server. The program has warmed up by then, or does so first. */
  | { readonly request: "connect" } & Listening
  /** Starts the clients; `at`: once the monotonic clock of this machine has come to so many nanoseconds. */
  | { readonly request: "go"; readonly at?: number };

/** What became of a rate. */
export interface OpenLoopReport {
  /** Requests a second that were started, until the last one. */
  readonly startedPerSecond: number;
  /** Requests started more than 10 ms after they were due: all connections were in use, or the client was busy. */
  readonly late: number;
  /** Requests that were due before the end and not started. */
  readonly unsent: number;
  /** Connections open at the same time, at most. */
  readonly mostOpen: number;
}

/** The result of a load. */
export interface LoadReport {
  /** How the clients were made: forked processes, or Workers (threads) where fork does not work. */
  readonly making: "fork" | "worker";
  /** Connections on which every request was answered in full. */
  readonly connections: number;
  /** Requests answered in full; null in old records, with one a connection. */
  readonly requests: number | null;
  /**
   * Number of failed connections by kind, such as "timed out" or "ECONNREFUSED"; a reply that is text is quoted.
   * Fewer connections in all than asked for: clients stopped after many refused ones in a row.
   */
  readonly errors: Readonly<Record<string, number>>;
  /** Seconds from the first client's start to the last one's end. */
  readonly wallSeconds: number;
  readonly connectionsPerSecond: number;
  /** What became of a rate; null: each client waited for its replies. */
  readonly openLoop: OpenLoopReport | null;
  /** CPU seconds of all clients, as processes or as threads. */
  readonly cpu: { readonly user: number; readonly system: number; readonly total: number };
  /**
   * Latency of answered requests in seconds: of the first of a connection from connect, of others from the reply
   * before, and at a rate from when the request was due, to the end of the reply.
   */
  readonly latency: {
    readonly p50: number;
    /** Null in records from before there was one. */
    readonly p90: number | null;
    readonly p99: number;
    /** The 99.9th percentile; null as for p90. */
    readonly p999: number | null;
    readonly max: number;
    /** HdrHistogram in microseconds, V2 compressed, base64. */
    readonly histogram: string;
  };
  /** What the load did over its time; null in records from before there was one, or one of several hosts. */
  readonly series: {
    /** Length of an interval: 100, or a power of two times that where there would be more than 512. */
    readonly intervalMilliseconds: number;
    /** Requests answered in each interval, from the start of the load. */
    readonly requests: number[];
    /** Their 99th percentile, the longest of fewer than 100, at most an eighth too high; 0 of none. */
    readonly p99Microseconds: number[];
  } | null;
  /** The part of each host; null: the clients were on this machine. */
  readonly hosts: HostLoad[] | null;
  /** Connections by the name of the worker that served them; null: nobody asked for it. */
  readonly workers: Readonly<Record<string, number>> | null;
}

/** The part of one host in a load. */
export interface HostLoad
  extends
    Pick<LoadReport, "connections" | "requests" | "errors" | "wallSeconds" | "cpu" | "latency"> {
  /** Its name. */
  readonly host: string;
  /** Number of its clients. */
  readonly clients: number;
  /** Seconds that its monotonic clock is ahead of ours, and the most that this can be wrong. */
  readonly offsetSeconds: number;
  readonly offsetBoundSeconds: number;
  /** Seconds by which its first client started after that of the first host. */
  readonly skewSeconds: number;
}

/** Events of the load program. An `ErrorEvent` may replace any of them and is the last one. */
export type LoadEvent =
  /** All clients have warmed up and wait for `go`. */
  | { readonly event: "ready" }
  /** All clients have finished. Milliseconds of the monotonic clock at the start of the first and the end of the last. */
  | { readonly event: "finished"; readonly start: number; readonly end: number }
  /** `counts`: of a load that was given the time of its start. */
  | {
    readonly event: "report";
    readonly report: LoadReport;
    readonly counts?: SeriesCounts | undefined;
  };

/** A series before it is summarized: those of loads that started at the same time can be added. */
export interface SeriesCounts {
  readonly intervalMilliseconds: number;
  /** Of each interval its buckets of latencies that are not empty: pairs of an index and a count. */
  readonly counts: readonly (readonly number[])[];
}
