/**
 * The protocol of Herd's programs. The server program and the load program read one line of JSON with their
 * options from standard input, then requests, one per line, and print events, one per line. End of input
 * means stop.
 *
 * Types only. A program that starts them checks their lines against the schemas in `bench/record/lines.ts`.
 *
 * @module
 */
import type { Launch } from "../children/launch.ts";
import type { Policy, ServiceName, ServiceTime, Steering } from "../design.ts";
import type { Counting } from "../posix/event_counts.ts";
import type { LiveCounts, Report } from "./account.ts";

/** Where and how a program runs among the processes of this machine. */
export interface Placement {
  /**
   * `own`: a process session of its own, which the scheduler treats as a group (sched(7), autogroup).
   * `same`: the session of its starter, but a process group of its own, so that ^C does not reach it.
   */
  readonly session: "own" | "same";
  /** Processors it is confined to; null: all. */
  readonly processors: readonly number[] | null;
  /** The process that it ends with. */
  readonly owner: number;
}

/** Options of the server program, `servers/host/main.ts`. */
export interface ServerOptions {
  /** Id of the design. */
  readonly design: string;
  /** Name or address to listen at; null: the loopback address, 127.0.0.1 or else ::1. */
  readonly host: string | null;
  /** Port there; 0: the system chooses a free one. */
  readonly port: number;
  /** A path to listen at instead, or `@` and an abstract name; null: the port. */
  readonly path: string | null;
  /** What is done for a client; in a design with a transport of its own the book's service. */
  readonly service: ServiceName;
  /** Children of a pool; null: one for each processor that it may use. */
  readonly children: number | null;
  /** How the kernel deals connections to the listening sockets of a port, in a design with several. */
  readonly steer: Steering;
  /** Which free child the parent passes a connection to, in a design that passes them. */
  readonly policy: Policy;
  /** How long each request takes, besides its reply. */
  readonly serviceTime: ServiceTime;
  /** Seconds that a client may take for a request, or to read a reply, before it is closed; 0: no limit. */
  readonly requestTimeoutSeconds: number;
  /** How servers are launched, in a design that launches another program; else null. */
  readonly launch: Launch | null;
  /** Name of a cgroup to make, if possible, to account for its CPU time as well; null: none. */
  readonly cgroup: string | null;
  /** Whether the events of the processor and the kernel are counted. */
  readonly counters: Counting;
  /** Whether its processes let any process of this user trace them. */
  readonly traceable: boolean;
  readonly placement: Placement;
}

/** Requests to the server program. */
export type ServerRequest =
  /** Restarts the account. */
  | { readonly request: "mark" }
  /** Asks for the counts since the mark. */
  | { readonly request: "counts" }
  /** Ends the server. */
  | { readonly request: "stop" };

/** Where a server listens: a host and port, or a path. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
}

/** A program failed. This is its last event; it exits with `exitCode`. */
export interface ErrorEvent {
  readonly event: "error";
  readonly exitCode: number;
  readonly message: string;
  /** The option to change, if there is one. */
  readonly option?: string | undefined;
}

/**
 * Events of the server program; an `ErrorEvent` may be the last. `Unknown` is null where it may run an external
 * server.
 */
export type ServerEvent<Unknown = never> =
  /** Every child is in its loop, and the port is open. `pid`: the host. */
  | { readonly event: "ready"; readonly design: string; readonly pid: number } & Listening
  | { readonly event: "marked" }
  | { readonly event: "counts"; readonly counts: LiveCounts }
  /**
   * A child died: one of a pool is replaced (`lost`), unless it was the last in a crash loop (`crashing`). `pid`:
   * process or thread; 0: one that served one client, or a thread that did not start.
   */
  | {
    readonly event: "lost" | "crashing";
    readonly index: number;
    readonly pid: number;
    /** The message of an error and where it was thrown, or else a signal or an exit code. */
    readonly reason: string;
  }
  /** A child of a pool ended by itself; or is stopped, and holds the lock for which all others wait. */
  | { readonly event: "ended" | "stopped"; readonly index: number; readonly pid: number }
  /** The last event of a server; `failure`: why it ended by itself, null: it was stopped. */
  | { readonly event: "report"; readonly report: Report<Unknown>; readonly failure: string | null };
