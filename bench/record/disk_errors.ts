/**
 * Why a file cannot be read or written.
 *
 * @module
 */

/** Whether Deno denied access, not the system. */
export function isPermission(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable;
}

/** Whether a disk is full, or the user's share of it (ENOSPC, EDQUOT). */
export function isFull(error: unknown): boolean {
  return /\(os error (28|122)\)/.test(String(error));
}

/** Whether a file is not this user's to write, or cannot be written by anybody (EPERM, EACCES, EROFS). */
export function isReadOnly(error: unknown): boolean {
  return isPermission(error) || /\(os error (1|13|30)\)/.test(String(error));
}

/** The reason of an error, without the call and the path that Deno adds. */
export function reasonOf(error: unknown): string {
  if (isPermission(error)) return "this program has no permission for it";
  return (error as Error).message.replace(/(\(os error \d+\)).*/s, "$1");
}
