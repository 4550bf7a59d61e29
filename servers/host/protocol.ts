/**
 * What the programs of Herd say to each other: the server program and the load program read one line of JSON
 * with their options from standard input, then requests, a line each, and print events, a line each. The end
 * of their input means stop.
 *
 * Types only. Whoever starts a program checks what it reads against the schemas in `bench/record/lines.ts`.
 *
 * @module
 */
import type { Launch } from "../children/launch.ts";
import type { Look, Report } from "./account.ts";

/** Where and how a program runs among the processes of this machine. */
export interface Placement {
  /**
   * `own`: a process session of its own, which the scheduler treats as a group (sched(7), autogroup).
   * `same`: the session of who started it, but a process group of its own, so that ^C does not reach it.
   */
  readonly session: "own" | "same";
  /** Processors it is confined to; null: none. */
  readonly processors: readonly number[] | null;
  /** The process that it ends with. */
  readonly owner: number;
}

/** Options of the server program, `servers/host/main.ts`. */
export interface ServerOptions {
  /** Id of the design. */
  readonly design: string;
  /** Port on 127.0.0.1; 0 lets the system pick one. */
  readonly port: number;
  /** A path to listen at instead, or `@` and an abstract name; null: none. */
  readonly path: string | null;
  /** Children of a pool. */
  readonly children: number;
  /** CPU that the service wastes on each connection, in nanoseconds. */
  readonly extraCpuNanoseconds: number;
  /** How servers are launched, in a design that launches another program; null: no such design. */
  readonly launch: Launch | null;
  /** Whether to keep a second account of its CPU time in a cgroup, where one can be made. */
  readonly cgroup: boolean;
  readonly placement: Placement;
}

/** Requests to the server program. */
export type ServerRequest =
  /** Starts the account afresh. */
  | { readonly request: "mark" }
  /** Asks what happened since the mark. */
  | { readonly request: "look" }
  /** Ends the server. */
  | { readonly request: "stop" };

/** Where a server listens: a host and port, or a path. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
}

/** A program could not do what it was to do. It is the last event, and its exit code is `exitCode`. */
export interface ErrorEvent {
  readonly event: "error";
  readonly exitCode: number;
  readonly message: string;
  /** The option that has to change, where it is one. */
  readonly option?: string | undefined;
}

/** Events of the server program; or an `ErrorEvent`, and none after that. */
export type ServerEvent =
  /** Every child is in its loop, and the port is open. `pid`: the host. */
  | { readonly event: "ready"; readonly design: string; readonly pid: number } & Listening
  | { readonly event: "marked" }
  | { readonly event: "look"; readonly look: Look }
  /** A child of a pool died and was replaced, ended by itself, or died as all before it did. */
  | {
    readonly event: "lost" | "ended" | "crashing";
    readonly index: number;
    readonly pid: number;
    /** Why it died, where that is known. */
    readonly reason?: string | undefined;
  }
  /** The last event of a server that was stopped or failed; `failure`: why it ended by itself. */
  | { readonly event: "report"; readonly report: Report; readonly failure: string | null };
