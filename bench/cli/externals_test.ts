import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runTask } from "../../servers/testing/task.ts";
import { externalsOf } from "./externals.ts";

const none = { external: [], target: undefined, externals: undefined, preset: undefined };

Deno.test("externalsOf() takes servers of the command line, of a file and presets, in this order", () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/herd.json`;
  const page = { name: "b", command: "serve {port}", files: { page: { from: "page.txt" } } };
  Deno.writeTextFileSync(file, JSON.stringify({ externals: [page] }));
  Deno.writeTextFileSync(`${folder.path}/page.txt`, "text");
  const found = externalsOf(
    {
      external: ["a=serve --at={port} 'x=y'"],
      target: "/",
      externals: file,
      preset: "nginx, node-http",
    },
    "http",
  );
  assertEquals(found.map(({ name }) => name), ["a", "b", "nginx", "node-http"]);
  const [a, b] = found;
  assertEquals([a!.target, b!.target], ["/", null]);
  assertEquals([a!.command, a!.folder], [["serve", "--at={port}", "x=y"], Deno.cwd()]);
  assertEquals([b!.files, b!.folder], [{ page: "text" }, folder.path]);
});

Deno.test("externalsOf() says what is wrong with a file, and where", () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/herd.json`;
  const mistakes: readonly (readonly [text: string, message: string])[] = [
    ["{", `Cannot read ${file}: `],
    ["{}", "externals "],
    ['{"externals":[{"name":"a"}]}', "externals.0.command "],
    ['{"externals":[{"name":"a","command":"b {port}","prot":1}]}', '"prot"'],
    [
      '{"externals":[{"name":"a","command":"b {port}","files":{"c":{"from":"d"}}}]}',
      `Cannot read ${folder.path}/d`,
    ],
  ];
  for (const [text, message] of mistakes) {
    Deno.writeTextFileSync(file, text);
    assertThrows(() => externalsOf({ ...none, externals: file }, "http"), UsageError, message);
  }
});

Deno.test("designs --presets lists them, for a script too", async () => {
  const { code, stdout } = await runTask("designs", "--presets", "--json");
  const presets = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, presets[0].name, presets[0].program], [0, "nginx", "nginx"]);
});
