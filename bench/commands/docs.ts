/**
 * The command `docs`: write the parts of README.md and docs/ that follow from the code and the reference
 * run. A part stands between `<!-- NAME -->` and `<!-- end -->`.
 *
 * @module
 */
import { ExitCode } from "../../servers/errors.ts";
import { type Command, type CommandTable, defineCommand } from "../cli/command.ts";
import { readRecord } from "../record/store.ts";
import { docsParts } from "./docs_parts.ts";

const ROOT = (import.meta.dirname ?? "").slice(0, -"bench/commands".length);

/** The command; it describes all the others, and itself. */
export function docsCommand(commands: CommandTable): Command {
  return defineCommand({
    name: "docs",
    operands: "",
    description: "Write the generated parts of README.md and docs/.",
    examples: [["Write them after a change of a flag, a design's words or the reference run", ""]],
    flags: {},
    exits: ["record"],
    async run() {
      for (const [path, text] of await pages(commands)) Deno.writeTextFileSync(path, text);
      return ExitCode.ok;
    },
  });
}

/** Every page by its path, with its generated parts as they have to be. */
export async function pages(commands: CommandTable): Promise<Map<string, string>> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const parts = docsParts({
    reference: readRecord(`${ROOT}results/reference`),
    sweep: readRecord(`${ROOT}results/reference/sweep`),
    external: readRecord(`${ROOT}results/reference/external`),
    hosts: [
      readRecord(`${ROOT}results/reference/hosts/one`),
      readRecord(`${ROOT}results/reference/hosts/three`),
    ],
    commands: loaded.map(({ command }) => command),
  });
  return new Map(pagePaths().map((path) => [path, fill(Deno.readTextFileSync(path), parts)]));
}

/** README.md, and what is in docs/. */
export function pagePaths(): string[] {
  const names = [...Deno.readDirSync(`${ROOT}docs`)].map(({ name }) => `docs/${name}`);
  return ["README.md", ...names.filter((name) => name.endsWith(".md")).sort()]
    .map((name) => ROOT + name);
}

/** A page with its parts filled in. @throws {Error} where it names a part that there is not. */
export function fill(page: string, parts: ReadonlyMap<string, string>): string {
  return page.replaceAll(/(<!-- ([\w.-]+) -->)\n[^]*?(<!-- end -->)/g, (_, start, name, end) => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`There is no part "${name}"`);
    return [start, IGNORE_START, "", part, "", IGNORE_END, "", end].join("\n");
  });
}

// Text is wrapped where `deno fmt` would wrap it, or not at all: it leaves alone what is in between.
const IGNORE_START = "<!-- deno-fmt-ignore-start -->";
const IGNORE_END = "<!-- deno-fmt-ignore-end -->";
