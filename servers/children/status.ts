/**
 * The status pipe, over which the processes of a server report events to their host. A message is one write
 * below PIPE_BUF, so messages of many processes never mix (pipe(7)).
 *
 * @module
 */
import { write } from "../posix/io.ts";
import type { ExitStatus } from "../posix/processes.ts";

/** An event of a child. */
export type Status =
  /** A child (without a pool: the server process) is in its loop. */
  | { readonly kind: "ready"; readonly index: number; readonly pid: number }
  /** A child of a pool died and was replaced, or a thread for one client died. */
  | {
    readonly kind: "lost";
    readonly index: number;
    readonly pid: number;
    readonly reason: string;
  }
  /** A child of a pool ended by itself, because it had no client for long. */
  | { readonly kind: "ended"; readonly index: number; readonly pid: number }
  /** The children die before they serve; the server gives up. */
  | {
    readonly kind: "crashing";
    readonly index: number;
    readonly pid: number;
    readonly reason: string;
  };

const KINDS = ["ready", "lost", "ended", "crashing"] as const;
const MESSAGE_INTS = 5;

/** Size of a message. */
export const STATUS_BYTES = 4 * MESSAGE_INTS;

/** Sends a message; of a child that died, with how it ended. */
export function sendStatus(
  pipe: number,
  { kind, index, pid }: Omit<Status, "reason">,
  { code = 0, signal = 0 }: Partial<Pick<ExitStatus, "code" | "signal">> = {},
): void {
  const message = new Int32Array([KINDS.indexOf(kind), index, pid, code, signal]);
  write(pipe, new Uint8Array(message.buffer), STATUS_BYTES);
}

/** Parses the first `length` bytes read from the pipe. */
export function parseStatuses(bytes: Uint8Array<ArrayBuffer>, length: number): Status[] {
  const ints = new Int32Array(bytes.buffer, 0, length / 4);
  return Array.from({ length: ints.length / MESSAGE_INTS }, (_, i) => {
    const message = ints.subarray(i * MESSAGE_INTS);
    const [kind, index, pid, code, signal] = message as unknown as readonly number[];
    const status = { index: index!, pid: pid! };
    const reason = signal === 0 ? `exit code ${code}` : `signal ${signal}`;
    const name = KINDS[kind!]!;
    return name === "lost" || name === "crashing"
      ? { kind: name, ...status, reason }
      : { kind: name, ...status };
  });
}
