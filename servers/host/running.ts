/**
 * A server as its host has started it.
 *
 * @module
 */
import type { LiveCounts, Report } from "./account.ts";
import type { Cgroup } from "../posix/cgroup.ts";
import type { Counting } from "../posix/event_counts.ts";
import type { Readings } from "./snapshot.ts";
import type { ServerAddress } from "../transports/transport.ts";

/** What a server program runs: a design or an external server. */
export interface Served {
  readonly address: ServerAddress;
  /** Resolves when clients can connect. */
  readonly ready: Promise<void>;
  /** Resolves with the reason if the server ends by itself. */
  readonly failed: Promise<string>;
  /** Why it did not end as it should, once it was stopped; undefined: it did. */
  readonly stopFailure?: string | undefined;
  /** Restarts the account. */
  mark(): void;
  /** The counts since the mark; there are none of an external server. */
  liveCounts?(): LiveCounts;
  /** Ends it. Returns its cost since the mark. */
  stop(): Promise<Report<null>>;
}

/** What accounts for a server beside its own clocks. */
export interface Accounting {
  readonly cgroup: Cgroup | undefined;
  readonly counters: Counting;
}

/** A running server, made of processes or of threads. */
export interface Running {
  readonly readings: Readings;
  /** Resolves with the reason if the server ends by itself. */
  readonly ended: Promise<string>;
  /** Called when it listens: the host closes the listening socket, if other processes have it. */
  opened(): void;
  /** Ends it; resolves when nothing of it is left but threads that end with the host. */
  end(): Promise<void>;
}
