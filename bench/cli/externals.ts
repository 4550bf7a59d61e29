/**
 * External servers on the command line.
 *
 * @module
 */
import type { ServiceName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";
import { isInstalled, type Preset, presets } from "../../servers/external/presets.ts";
import { namesLike, requireNamed } from "../../servers/nearest.ts";
import { externalOf, type Place } from "../plan/externals.ts";
import { type External, ExternalsFile, mistakeIn } from "../record/external.ts";
import type { Flags, Values } from "./flags.ts";
import { userPath } from "./paths.ts";

/** The flags that name external servers. */
export const externalFlags = {
  external: {
    kind: "strings",
    value: "NAME=COMMAND",
    help:
      "Run a server of your own beside them, such as 'node=node server.js {port}'; several times",
  },
  target: {
    kind: "string",
    value: "/PATH",
    help: "Ask the servers of --external for /PATH, with replies of any length (default /bytes/N)",
  },
  externals: {
    kind: "string",
    value: "FILE",
    help: "Run the servers that a JSON file describes (docs/external.md)",
  },
  preset: {
    kind: "string",
    value: "NAMES",
    help: "Run known servers, such as nginx,'apache-*' (deno task designs --presets)",
  },
} as const satisfies Flags;

/** The external servers that these flags name. @throws {UsageError} for one that cannot be run. */
export function externalsOf(
  { external, target, externals, preset }: Values<typeof externalFlags>,
  service: ServiceName,
): External[] {
  const here: Place = { folder: folderOf(userPath(".")), service, readText };
  if (target !== undefined && external.length === 0) {
    throw new UsageError(
      "Cannot use --target without --external: write it into the file of --externals",
      {
        option: "target",
      },
    );
  }
  return [
    ...external.map((text) => externalOf({ ...describedBy(text), target: target ?? null }, here)),
    ...(externals === undefined ? [] : inFile(userPath(externals), service)),
    ...(preset?.split(",") ?? []).flatMap((name) => presetsLike(name.trim(), service))
      // Presets have no paths of the user's, and need no folder.
      .map(({ description }) => externalOf(description, { ...here, folder: "/" })),
  ];
}

/** The preset of that name; or those that a pattern is of, as far as they are installed and speak that service. */
function presetsLike(pattern: string, service: ServiceName): Preset[] {
  if (!pattern.includes("*")) return [requireNamed("preset", pattern, presets)];
  const found = namesLike(pattern, presets.keys()).map((name) => presets.get(name)!)
    .filter((preset) => preset.service === service && isInstalled(preset));
  if (found.length > 0) return found;
  throw new UsageError(
    `Cannot run presets like "${pattern}": none is installed here and speaks ${service}; ` +
      "see deno task designs --presets",
    { option: "preset" },
  );
}

function describedBy(text: string): { name: string; command: string } {
  const [, name, command] = text.match(/^([^=\s]+)=\s*(\S[^]*)$/) ?? [];
  if (name !== undefined && command !== undefined) return { name, command };
  throw new UsageError(
    `Cannot read --external: current value is "${text}"; write --external 'NAME=COMMAND'`,
  );
}

function inFile(path: string, service: ServiceName): External[] {
  const { success, data, error } = ExternalsFile.safeParse(parsed(path));
  if (!success) {
    throw new UsageError(`Cannot read ${path}: ${mistakeIn(error)}`);
  }
  const folder = folderOf(path.replace(/[^/]*$/, "."));
  return data.externals.map((described) => externalOf(described, { folder, service, readText }));
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

/** An absolute path without dots. */
function folderOf(path: string): string {
  return Deno.realPathSync(path);
}
