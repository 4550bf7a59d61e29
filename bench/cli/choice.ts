/**
 * Designs on the command line: names, patterns and exclusions.
 *
 * @module
 */
import { designs, reachableDesigns, requireDesign } from "../../servers/designs.ts";
import type { ServiceName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";
import { namesLike } from "../../servers/nearest.ts";

/** The help of `--designs`, with its default. */
export const designsFlag = (usual: string) => ({
  kind: "string",
  value: "DESIGNS",
  help: `Run these designs, such as 'prefork-*,!*-lock'; ! leaves out (default: ${usual})`,
} as const);

/**
 * Parses a list of ids and patterns, such as `prefork-*,!prefork-mutex`. A star stands for any letters; what
 * begins with an exclamation mark is left out. If the first one does, the list begins with the usual designs.
 *
 * @returns ids in the order of the registry.
 * @throws {UsageError} for a pattern that nothing matches, or if nothing is left.
 */
export function designsOf(
  list: string,
  usual: readonly string[],
  local: boolean,
  service: ServiceName,
): string[] {
  const patterns = list.split(",").map((pattern) => pattern.trim());
  // What cannot be reached, or lacks the service, is only run by its name, which is then refused with advice.
  const known = reachableDesigns(local, service).map(({ id }) => id);
  const chosen = new Set(patterns[0]!.startsWith("!") ? usual : []);
  const leftOut = new Set<string>();
  for (const pattern of patterns) {
    if (!pattern.startsWith("!")) { for (const id of designsLike(pattern, known)) chosen.add(id); }
    else for (const id of designsLike(pattern.slice(1), known)) leftOut.add(id);
  }
  const ids = designs.map(({ id }) => id).filter((id) => chosen.has(id) && !leftOut.has(id));
  if (ids.length > 0) return ids;
  throw new UsageError(`No design is left of --designs '${list}': leave out fewer`);
}

function designsLike(pattern: string, known: readonly string[]): readonly string[] {
  if (!pattern.includes("*")) return [requireDesign(pattern).id];
  const found = namesLike(pattern, known);
  if (found.length > 0) return found;
  throw new UsageError(
    `No design matches "${pattern}": write a pattern such as 'prefork-*' of what deno task designs lists`,
  );
}
