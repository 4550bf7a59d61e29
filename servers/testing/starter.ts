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
export function succeeds(...[program, ...args]: readonly string[]): boolean {
  try {
    return new Deno.Command(program!, { args }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs a command line where a script of sh(1) has changed what is mounted where, for it alone. */
export function withMounts(script: string): string[] {
  return ["unshare", "--mount", "sh", "-ec", `${script}\nexec "$@"`, "sh"];
}

/** Mounts a folder at another place, or at its own, read-only. */
export function mountReadOnly(from: string, to = from): string {
  return `mount --bind '${from}' '${to}'; mount -o remount,bind,ro '${to}'`;
}

/** Whether this user may mount anything. */
export const canMount = succeeds(...withMounts(mountReadOnly("/tmp")), "true");

/** Runs a command line as a user of no name, without root's groups and capabilities. */
export const AS_USER = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"] as const;

/** Whether this user may become that one, who may run Deno. */
export const canBecomeUser = succeeds(...AS_USER, "test", "-x", Deno.execPath());
