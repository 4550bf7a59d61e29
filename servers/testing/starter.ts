/**
 * What starts a program, and what it leaves to it.
 *
 * @module
 */

import { ROOT } from "./process.ts";

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

/** The checkout as that user sees it. */
export const USERS_CHECKOUT = "/mnt/checkout";

/** Where Deno has the packages. */
export function denoFolder(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** Runs a command line as that user in a read-only checkout, without a home and with packages to read. */
export function inUsersCheckout(): string[] {
  return [
    ...withMounts(`
      mount -t tmpfs -o mode=755 tmpfs /mnt
      mkdir ${USERS_CHECKOUT} /mnt/deno
      ${mountReadOnly(ROOT, USERS_CHECKOUT)}
      ${mountReadOnly(denoFolder(), "/mnt/deno")}
      export DENO_DIR=/mnt/deno
      unset HOME
      cd ${USERS_CHECKOUT}`),
    ...AS_USER,
  ];
}

/** Whether this user may become that one, who may run Deno. */
export const canBecomeUser = canMount && succeeds(...AS_USER, "test", "-x", Deno.execPath());
