/** The pages: their generated parts, their links, and what they must not leave out. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../../servers/testing/process.ts";
import { parseFlags } from "../cli/flags.ts";
import { commands } from "../herd.ts";
import { fill, pagePaths, pages } from "./docs.ts";

const README = Deno.readTextFileSync(`${ROOT}README.md`);

/** Every page that a reader may start from. */
const paths = [...pagePaths(), `${ROOT}CONTRIBUTING.md`, `${ROOT}results/README.md`];

Deno.test("deno task docs would change no page", async () => {
  for (const [path, text] of await pages(commands)) {
    assertEquals(Deno.readTextFileSync(path), text, `${path}: run deno task docs`);
  }
});

Deno.test("fill() replaces what stands between a marker and its end, and nothing else", () => {
  const page = "a\n\n<!-- part -->\n\nold\n\n<!-- end -->\n\nb\n";
  const filled = fill(page, new Map([["part", "new"]]));
  assertEquals(filled.replaceAll(/<!-- deno-fmt.*-->\n/g, ""), page.replace("old\n", "new\n\n"));
  assertEquals(fill(filled, new Map([["part", "new"]])), filled);
  assertThrows(() => fill(page, new Map()), Error, 'There is no part "part"');
});

/** The anchors of a page's headings, as GitHub names them. */
function anchorsOf(page: string): string[] {
  const text = page.replaceAll(/^```[^]*?^```/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

/** Whether what a link on the page names is there. */
function exists(link: string, page: string): boolean {
  const [, path, anchor] = link.match(/^([^#]*)#?(.*)$/)!;
  const target = path === "" ? page : `${page}/../${path}`;
  try {
    const { isFile } = Deno.statSync(target);
    return anchor === "" || isFile && anchorsOf(Deno.readTextFileSync(target)).includes(anchor!);
  } catch {
    return false;
  }
}

/** The relative links of a page. */
function linksOf(path: string): string[] {
  const text = Deno.readTextFileSync(path).replaceAll(/^```[^]*?^```/gm, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

Deno.test("every link of a page leads somewhere", () => {
  const links = paths.flatMap((path) => linksOf(path).map((link) => ({ path, link })));
  assert(links.length > 0);
  assertEquals(links.filter(({ path, link }) => !exists(link, path)), []);
});

Deno.test("README.md has at most 200 lines, and names every task and every page", () => {
  assert(README.trimEnd().split("\n").length <= 200);
  for (const task of Object.keys(config.tasks)) assertStringIncludes(README, `deno task ${task}`);
  for (const path of paths.slice(1)) {
    if (!path.includes("results/")) assertStringIncludes(README, `(${path.slice(ROOT.length)})`);
  }
});

/** The command lines on a page, in `sh` and in a folded scalar of YAML: name and words, as a shell splits them. */
function commandsOn(path: string): [name: string, words: string[]][] {
  const text = Deno.readTextFileSync(path).replaceAll(/\n +(?=--)/g, " ").replaceAll(/ +#.*/g, "");
  const blocks = text.matchAll(/^```(?:sh|yaml)\n([^]*?)^```/gm);
  const lines = [...blocks].flatMap(([, block]) => block!.split("\n"));
  return lines.flatMap((line) => {
    const [, command] = line.match(/deno task (.*?)(?: [|>].*)?$/) ?? [];
    if (command === undefined) return [];
    const [name, ...words] = command.match(/(?:[^\s']|'[^']*')+/g)!;
    return [[name!, words.map((word) => word.replaceAll("'", ""))]];
  });
}

Deno.test("the commands on the pages on external servers and CI can be written", async () => {
  const written = ["ci", "external"].flatMap((page) => commandsOn(`${ROOT}docs/${page}.md`));
  assert(written.length >= 9, `only ${written.length} are found`);
  for (const [name, words] of written) {
    const { command: { flags } } = await commands[name]!();
    parseFlags({ name, flags }, words);
  }
});

Deno.test("CITATION.cff cites this version", () => {
  assertStringIncludes(
    Deno.readTextFileSync(`${ROOT}CITATION.cff`),
    `\nversion: ${config.version}\n`,
  );
});
