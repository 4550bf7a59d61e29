/**
 * The status pipe, over which the processes of a server report events to their host. A message is one write
 * below PIPE_BUF, so messages of many processes never mix (pipe(7)).
 *
 * @module
 */
import { write } from "../posix/io.ts";

/** An event of a child. */
export type Status =
  /** A child (without a pool: the server process) is in its loop. */
  | { readonly kind: "ready"; readonly index: number; readonly pid: number }
  /** A child of a pool died and was replaced. */
  | {
    readonly kind: "lost";
    readonly index: number;
    readonly pid: number;
    readonly reason?: string;
  }
  /** A child of a pool ended by itself, because it had no client for long. */
  | { readonly kind: "ended"; readonly index: number; readonly pid: number }
  /** The children of a pool die before they serve; the server gives up. */
  | { readonly kind: "crashing"; readonly index: number; readonly pid: number };

const KINDS = ["ready", "lost", "ended", "crashing"] as const;
const MESSAGE_INTS = 3;

/** Size of a message. */
export const STATUS_BYTES = 4 * MESSAGE_INTS;

/** Sends a message. */
export function sendStatus(pipe: number, { kind, index, pid }: Status): void {
  const message = new Int32Array([KINDS.indexOf(kind), index, pid]);
  write(pipe, new Uint8Array(message.buffer), STATUS_BYTES);
}

/** Parses the first `length` bytes read from the pipe. */
export function parseStatuses(bytes: Uint8Array<ArrayBuffer>, length: number): Status[] {
  const ints = new Int32Array(bytes.buffer, 0, length / 4);
  return Array.from({ length: ints.length / MESSAGE_INTS }, (_, i) => {
    const [kind, index, pid] = ints.subarray(i * MESSAGE_INTS);
    return { kind: KINDS[kind!]!, index: index!, pid: pid! };
  });
}
