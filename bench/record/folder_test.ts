import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { makeOwnFolder } from "./folder.ts";

Deno.test("makeOwnFolder() gives runs of the same name, begun at once, a folder each", () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/results/time`;
  const made = [1, 2, 3].map(() => makeOwnFolder(path));
  assertEquals(made, [path, `${path}-2`, `${path}-3`]);
  assertEquals(made.map((path) => Deno.statSync(path).isDirectory), [true, true, true]);
});

Deno.test("makeOwnFolder() says why it cannot make one", () => {
  using folder = new TemporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/results`, "");
  const path = `${folder.path}/results/time`;
  const { message, option } = assertThrows(() => makeOwnFolder(path), UsageError);
  assertStringIncludes(message, `Cannot record into ${path}: `);
  assertEquals(option, "folder");
});
