/**
 * External servers for a plan, from how a user describes them.
 *
 * @module
 */
import type { ServiceName } from "../../servers/design.ts";
import { designs } from "../../servers/designs.ts";
import { UsageError } from "../../servers/errors.ts";
import { isTold } from "../../servers/external/external.ts";
import { Described, type External, mistakeIn } from "../record/external.ts";
import { wordsOf } from "./words.ts";

/** Where a description was found. */
export interface Place {
  /** The folder that its paths begin at. */
  readonly folder: string;
  /** The service of the run. */
  readonly service: ServiceName;
  /** Reads a text file. @throws {UsageError} */
  readonly readText: (path: string) => string;
}

/**
 * An external server, as a plan has it.
 *
 * @throws {UsageError} for what is none, or cannot be in this run.
 */
export function externalOf(description: unknown, place: Place): External {
  const { success, data, error } = Described.safeParse(description);
  if (!success) {
    throw new UsageError(
      `Cannot read the external server ${nameIn(description)}: ${mistakeIn(error)}`,
    );
  }
  const { title: _, command, files, folder, service, ...rest } = data;
  const from = (path: string) => path.startsWith("/") ? path : `${place.folder}/${path}`;
  const external = {
    ...rest,
    command: typeof command === "string" ? requireWords(rest.name, command) : command,
    folder: folder === "." ? place.folder : from(folder),
    service: service ?? place.service,
    files: Object.fromEntries(
      Object.entries(files).map(([path, text]) => {
        if (typeof text === "string") return [path, text];
        return [
          path,
          Array.isArray(text) ? `${text.join("\n")}\n` : place.readText(from(text.from)),
        ];
      }),
    ),
  };
  requireRunnable(external, place.service);
  return external;
}

function nameIn(description: unknown): string {
  const name = (description as { name?: unknown } | null)?.name;
  return typeof name === "string" ? `"${name}"` : "without a name";
}

function requireWords(name: string, line: string): string[] {
  const words = wordsOf(line);
  if (words !== undefined && words.length > 0) return words;
  throw new UsageError(`Cannot read the command of ${name}: close every quote in ${line}`);
}

function requireRunnable(external: External, service: ServiceName): void {
  const { name } = external;
  if (designs.some(({ id }) => id === name)) {
    throw new UsageError(
      `Cannot name an external server ${name}: that is a design; use another name`,
    );
  }
  if (external.service !== service) {
    throw new UsageError(
      `Cannot measure ${name} with the service ${service}: it speaks ${external.service}`,
      { option: external.service === "http" ? "http" : "service" },
    );
  }
  if (!isTold("port", external)) {
    throw new UsageError(
      `Cannot tell ${name} its port: write {port} in its command, its environment or a file`,
    );
  }
}

/** @throws {UsageError} for two of the same name. */
export function requireDistinct(externals: readonly External[]): void {
  const names = externals.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw new UsageError(`Cannot run two external servers named ${twice}: give each its own name`);
}
