/**
 * What a host knows of the server it started.
 *
 * @module
 */
import type { Watch } from "./account.ts";

/** A server that was started, of processes or of threads. */
export interface Running {
  readonly watch: Watch;
  /** Resolves with the reason if it ends. */
  readonly ended: Promise<string>;
  /** It listens: the host lets go of the listening socket, where that belongs to others. */
  opened(): void;
  /** Ends it; resolves when nothing of it is left, or when only the end of the host is missing. */
  end(): Promise<void>;
}
