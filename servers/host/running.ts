/**
 * A server as its host has started it.
 *
 * @module
 */
import type { Readings } from "./snapshot.ts";

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
