/**
 * The status pipe, over which the processes of a server report events to their host. A message is one write
 * below PIPE_BUF, so messages of many processes never mix (pipe(7)). It has numbers only: a server that forks
 * for each client sends it after `rebase`, and a text would write to memory that every fork has to copy.
 *
 * @module
 */
import { write } from "../posix/io.ts";

/** An event of a server. */
export type Status =
  /** The server process has tried to make its forks cheaper; `error`: as the result of `rebase`. */
  | { readonly kind: "prepared"; readonly error: number }
  /** A child (without a pool: the server process) is in its loop. */
  | { readonly kind: "ready"; readonly index: number; readonly pid: number }
  /** A child of a pool died and was replaced, or one for one client died (`pid`: 0). */
  | {
    readonly kind: "lost";
    readonly index: number;
    readonly pid: number;
    readonly reason: string;
  }
  /** A child of a pool ended by itself, because it had no client for long. */
  | { readonly kind: "ended"; readonly index: number; readonly pid: number }
  /** A child is stopped (SIGSTOP) while it holds the lock around accept, for which all others wait. */
  | { readonly kind: "stopped"; readonly index: number; readonly pid: number }
  /** The children die before they serve; the server gives up. */
  | {
    readonly kind: "crashing";
    readonly index: number;
    readonly pid: number;
    readonly reason: string;
  };

const KINDS = ["prepared", "ready", "lost", "ended", "crashing"] as const;

/** An event as it is sent. */
export interface StatusMessage {
  readonly kind: typeof KINDS[number];
  readonly index: number;
  readonly pid: number;
  /** Of a child that died: its exit code, or minus the signal. Of `prepared`: the error. */
  readonly how?: number;
}

const MESSAGE_INTS = 4;

/** Size of a message. */
export const STATUS_BYTES = 4 * MESSAGE_INTS;

/** Sends a message. */
export function sendStatus(pipe: number, { kind, index, pid, how = 0 }: StatusMessage): void {
  const message = new Int32Array([KINDS.indexOf(kind), index, pid, how]);
  write(pipe, new Uint8Array(message.buffer), STATUS_BYTES);
}

/** Parses the first `length` bytes read from the pipe. */
export function parseStatuses(bytes: Uint8Array<ArrayBuffer>, length: number): Status[] {
  const ints = new Int32Array(bytes.buffer, 0, length / 4);
  return Array.from({ length: ints.length / MESSAGE_INTS }, (_, i) => {
    const message = [...ints.subarray(i * MESSAGE_INTS, (i + 1) * MESSAGE_INTS)];
    const [number, index, pid, how] = message as [number, number, number, number];
    const kind = KINDS[number]!;
    if (kind === "prepared") return { kind, error: how };
    if (kind === "ready" || kind === "ended") return { kind, index, pid };
    return { kind, index, pid, reason: howText(how) };
  });
}

/** How a child died, as a message has it, in words. */
export function howText(how: number): string {
  return how < 0 ? `signal ${-how}` : `exit code ${how}`;
}
