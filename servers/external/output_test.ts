import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../testing/folder.ts";
import { write } from "../posix/io.ts";
import { Output, tellingLine } from "./output.ts";

Deno.test("tellingLine() prefers a line that names an error to what follows it", () => {
  const node =
    "\nError: Cannot find module '/a.js'\n    at x (y)\n  code: 'E'\n}\n\nNode.js v20.20.2\n";
  assertEquals(tellingLine(node), "Error: Cannot find module '/a.js'");
  assertEquals(tellingLine("one\n\x1b[31mtwo\x1b[0m\r\n  \n"), "two");
  assertEquals([tellingLine(""), tellingLine(" \n\n")], [undefined, undefined]);
});

Deno.test("Output appends to a file, knows what is new, and removes it if it is empty", () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/log`;
  const print = (output: Output, text: string) => {
    const bytes = new TextEncoder().encode(text);
    write(output.descriptor, bytes, bytes.length);
  };
  new Output(path).end();
  assertEquals(folder.names, []);
  const first = new Output(path);
  print(first, "ready\n");
  assertEquals([first.has("ready"), first.lastLine], [true, "ready"]);
  first.end();
  const second = new Output(path);
  assertEquals([second.has("ready"), second.lastLine], [false, undefined]);
  print(second, "x".repeat(2 << 20));
  second.end();
  const size = Deno.statSync(path).size;
  assertEquals([size, Deno.readTextFileSync(path).startsWith("ready\nxx")], [1 << 19, true]);
});
