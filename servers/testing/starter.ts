/**
 * What starts a program, and what it leaves to it.
 *
 * @module
 */

/** Runs a command line with SIGCHLD ignored, as supervisors do. */
export const IGNORING_CHILDREN = ["env", "--ignore-signal=CHLD"] as const;

/** Whether there is an env(1) that can: that of coreutils 8.31 and newer. */
export const canIgnoreSignals = succeeds(...IGNORING_CHILDREN, "true");

/** Whether a program is there, and ends well. */
export function succeeds(program: string, ...args: readonly string[]): boolean {
  try {
    return new Deno.Command(program, { args: [...args] }).outputSync().success;
  } catch {
    return false;
  }
}
