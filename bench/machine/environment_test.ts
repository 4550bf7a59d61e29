import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { commitOf, readEnvironment } from "./environment.ts";
import { Environment } from "../record/record.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "f".repeat(40);

/** A git folder with these files. */
function git(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = new TemporaryFolder();
  Deno.mkdirSync(`${folder.path}/refs/heads`, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, `${text}\n`);
  }
  return folder;
}

Deno.test("readEnvironment() fits its schema and knows this machine", () => {
  const fork = { works: false, attempts: 2, reason: "no" };
  const environment = readEnvironment(fork);
  assertEquals(Environment.parse(environment), environment);
  assertEquals([environment.system, environment.deno], ["Linux", Deno.version.deno]);
  assertEquals(environment.fork, fork);
  assertMatch(environment.kernel, /^\d+\.\d+/);
  assertGreater(environment.memoryBytes ?? 0, 2 ** 20);
});

Deno.test("commitOf() finds the commit of a branch, and of a detached head", () => {
  using branch = git({ HEAD: "ref: refs/heads/main", "refs/heads/main": COMMIT });
  assertEquals(commitOf(branch.path), COMMIT);
  using detached = git({ HEAD: COMMIT });
  assertEquals(commitOf(detached.path), COMMIT);
});

Deno.test("commitOf() finds a branch among packed references", () => {
  const packed = [
    "# pack-refs with: peeled fully-peeled sorted ",
    `${OTHER} refs/heads/a+b/refs/heads/main`,
    `${COMMIT} refs/heads/main`,
    `${OTHER} refs/heads/main2`,
  ].join("\n");
  using folder = git({ HEAD: "ref: refs/heads/main", "packed-refs": packed });
  assertEquals(commitOf(folder.path), COMMIT);
});

Deno.test("commitOf() prefers a branch's own file, which is newer than the packed ones", () => {
  const files = { "refs/heads/main": COMMIT, "packed-refs": `${OTHER} refs/heads/main` };
  using folder = git({ HEAD: "ref: refs/heads/main", ...files });
  assertEquals(commitOf(folder.path), COMMIT);
});

Deno.test("commitOf() is null where there is no commit", () => {
  using empty = git({ HEAD: "ref: refs/heads/main" });
  assertEquals(commitOf(empty.path), null);
  assertEquals(commitOf(`${empty.path}/none`), null);
});
