/**
 * What this kernel lets this process do, by trying it.
 *
 * @module
 */
import { errno } from "./errors.ts";
import { cString, libc } from "./libc.ts";

/** Whether this process may write to a file, or into a folder (access(2)). */
export function mayWrite(path: string): boolean {
  const W_OK = 2;
  return libc.access(cString(path), W_OK) === 0;
}

/** Traces a process for a moment, without stopping it (ptrace(2)). Returns the error number, such as EPERM, or 0. */
export function tryTrace(pid: number): number {
  // This process ends, and with it the tracing: it is to be called in a child.
  const PTRACE_SEIZE = 0x4206;
  return libc.ptrace(PTRACE_SEIZE, pid, null, null) < 0 ? errno() : 0;
}
