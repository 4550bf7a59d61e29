/**
 * Paths on the command line.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { findRun } from "../record/runs.ts";

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

/** A path as a word of a command line to copy: in quotes where a shell would not take it as it is. */
export function shellWord(path: string): string {
  return /^[\w%+,./:@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * The folder of a recorded run: an operand is that folder, its `run.json`, or the name of a run under results/.
 *
 * @throws {UsageError} for a word that is neither.
 */
export function runFolder(operand: string): string {
  const folder = findRunFolder(operand);
  if (folder !== undefined) return folder;
  throw new UsageError(
    `Cannot find the recorded run "${operand}": there is neither a folder nor a run of that name; ` +
      "deno task runs lists those under results/",
  );
}

/** The same; undefined for a word that is neither a folder nor the name of a run. */
export function findRunFolder(operand: string): string | undefined {
  const path = userPath(operand).replace(/(?<=.)\/+$/, "");
  const folder = path.replace(/(^|\/+)run\.json$/, "") || (path.startsWith("/") ? "/" : ".");
  if (operand.includes("/") || folder !== path || exists(`${path}/run.json`)) return folder;
  return findRun(operand) ?? (exists(path) ? folder : undefined);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
