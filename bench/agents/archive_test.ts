import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bootScript, packSources } from "./archive.ts";

/** The sources in an archive, by path. */
async function unpacked(line: string): Promise<Map<string, string>> {
  const gzip = new Blob([Uint8Array.fromBase64(line)]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return new Map(Object.entries(await new Response(gzip).json()));
}

Deno.test("packSources() has all that the programs of other hosts import, no package and no test", async () => {
  const { line } = await packSources();
  const sources = await unpacked(line);
  const root = "file:///";
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = sources.get(path);
    assert(text !== undefined, `${path} is missing`);
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "")
      .replaceAll(/^(?:import|export) type [^;]*;/gm, "");
    const found = code.matchAll(
      /(?:\b(?:from|import)\s*\(?|import\.meta\.resolve\(|new URL\()\s*"([^"]*)"/g,
    );
    for (const [, specifier] of found) {
      if (specifier!.startsWith("node:") || !/^[a-z.]+:|\.ts$/.test(specifier!)) continue;
      assert(specifier!.startsWith("."), `${path} imports ${specifier}`);
      visit(new URL(specifier!, root + path).href.slice(root.length));
    }
  };
  for (const program of ["bench/agents/host_main.ts", "clients/main.ts", "servers/host/main.ts"]) {
    visit(program);
  }
  assert(reached.has("servers/children/subprocess_main.ts"));
  assert(reached.has("servers/listings/shared_accept.ts"));
  assertEquals([...sources.keys()].filter((path) => /_test\.ts$|\/testing/.test(path)), []);
});

Deno.test("packSources() makes the same of the same sources", async () => {
  assertEquals(await packSources(), await packSources());
});

Deno.test("bootScript() has nothing that a quote, or clush, would end", async () => {
  const archive = await packSources();
  const script = bootScript(archive);
  assertEquals(script.match(/['%\n]/), null);
  assertStringIncludes(script, archive.hash);
});
