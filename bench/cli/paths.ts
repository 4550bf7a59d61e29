/**
 * Paths on the command line.
 *
 * @module
 */

/** Resolves a path against the folder the task was started in; the task itself runs in the checkout. */
export function userPath(path: string): string {
  if (path.startsWith("/")) return path;
  const startedIn = Deno.env.get("INIT_CWD");
  const isElsewhere = startedIn !== undefined && startedIn !== Deno.cwd();
  return isElsewhere ? `${startedIn}/${path}` : path;
}

/** The same for the path of a socket; a leading `@` marks an abstract name, which stays as it is. */
export function userSocket(path: string): string {
  return path.startsWith("@") ? path : userPath(path);
}
