/**
 * The status pipe: how the processes of a server tell their host what happened. A message is one write
 * below PIPE_BUF, so those of many processes never mix (pipe(7)).
 *
 * @module
 */
import { write } from "../posix/sockets.ts";

/** What happened. */
export type Status =
  /** A child is in its loop (or, where there is no pool, the server process). */
  | { readonly kind: "ready"; readonly index: number; readonly pid: number }
  /** A child of a pool died and was replaced. */
  | {
    readonly kind: "lost";
    readonly index: number;
    readonly pid: number;
    readonly reason?: string;
  }
  /** A child of a pool ended by itself, having had no client for long. */
  | { readonly kind: "ended"; readonly index: number; readonly pid: number }
  /** The children of a pool die faster than they can serve; the server gives up. */
  | { readonly kind: "crashing"; readonly index: number; readonly pid: number };

const KINDS = ["ready", "lost", "ended", "crashing"] as const;
const MESSAGE_INTS = 3;

/** Size of a message. */
export const STATUS_BYTES = 4 * MESSAGE_INTS;

/** Sends a message. */
export function tell(pipe: number, { kind, index, pid }: Status): void {
  const message = new Int32Array([KINDS.indexOf(kind), index, pid]);
  write(pipe, new Uint8Array(message.buffer), STATUS_BYTES);
}

/** The messages in the first `length` bytes read from the pipe. */
export function statuses(bytes: Uint8Array<ArrayBuffer>, length: number): Status[] {
  const ints = new Int32Array(bytes.buffer, 0, length / 4);
  return Array.from({ length: ints.length / MESSAGE_INTS }, (_, i) => {
    const [kind, index, pid] = ints.subarray(i * MESSAGE_INTS);
    return { kind: KINDS[kind!]!, index: index!, pid: pid! };
  });
}
