/**
 * Paths as they were typed.
 *
 * @module
 */

/** A path as the user meant it: a task runs in the checkout, wherever it was started from. */
export function userPath(path: string): string {
  if (path.startsWith("/")) return path;
  const startedIn = Deno.env.get("INIT_CWD");
  const isElsewhere = startedIn !== undefined && startedIn !== Deno.cwd();
  return isElsewhere ? `${startedIn}/${path}` : path;
}

/** The same of a socket's path, which after a leading `@` is an abstract name and no path at all. */
export function userSocket(path: string): string {
  return path.startsWith("@") ? path : userPath(path);
}
