/**
 * The lines that a launcher and its servers print with `verbose`: those of the sample dialog of slaunch1 in
 * the Open System Services Programmer's Guide.
 *
 * @module
 */
import { write } from "../posix/io.ts";

/** The lines, by event. The guide calls processors cpu. */
export const dialog = {
  launching: (cpu: number) => `slaunch starting in cpu ${cpu}`,
  spawned: (cpu: number) => `sserver spawn'ed in cpu ${cpu}`,
  starting: (cpu: number) => `sserver [cpu ${cpu}] - starting`,
  opened: (cpu: number, fd: number) => `sserver [cpu ${cpu}] - new connection on fd ${fd}`,
  received: (cpu: number, fd: number, message: string) =>
    `sserver [cpu ${cpu}] - message received on fd ${fd} = ${message}`,
  closed: (cpu: number, fd: number) => `sserver [cpu ${cpu}] - connection on fd ${fd} closed`,
  // Not in the guide's sample, which ends earlier.
  idle: (cpu: number, seconds: number) => `sserver [cpu ${cpu}] - idle for ${seconds} s, ending`,
} as const;

const STDOUT = 1;

/** Writes a line to standard output, from any process, even one without a console. */
export function say(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    write(STDOUT, bytes, bytes.length);
  } catch {
    // The reader is gone.
  }
}
