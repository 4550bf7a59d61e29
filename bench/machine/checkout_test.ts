import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { readCheckout } from "./checkout.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "f".repeat(40);

/** A checkout with these files in its git folder. */
function git(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = new TemporaryFolder();
  Deno.mkdirSync(`${folder.path}/.git/refs/heads`, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder.path}/.git/${name}`, `${text}\n`);
  }
  return folder;
}

Deno.test("readCheckout() finds the commit of a branch, and of a detached head", () => {
  using branch = git({ HEAD: "ref: refs/heads/main", "refs/heads/main": COMMIT });
  assertEquals(readCheckout(branch.path).commit, COMMIT);
  using detached = git({ HEAD: COMMIT });
  assertEquals(readCheckout(detached.path).commit, COMMIT);
});

Deno.test("readCheckout() finds a branch among packed references", () => {
  const packed = [
    "# pack-refs with: peeled fully-peeled sorted ",
    `${OTHER} refs/heads/a+b/refs/heads/main`,
    `${COMMIT} refs/heads/main`,
    `${OTHER} refs/heads/main2`,
  ].join("\n");
  using folder = git({ HEAD: "ref: refs/heads/main", "packed-refs": packed });
  assertEquals(readCheckout(folder.path).commit, COMMIT);
});

Deno.test("readCheckout() prefers a branch's own file, which is newer than the packed ones", () => {
  const files = { "refs/heads/main": COMMIT, "packed-refs": `${OTHER} refs/heads/main` };
  using folder = git({ HEAD: "ref: refs/heads/main", ...files });
  assertEquals(readCheckout(folder.path).commit, COMMIT);
});

Deno.test("readCheckout() is null where there is no commit", () => {
  using empty = git({ HEAD: "ref: refs/heads/main" });
  assertEquals(readCheckout(empty.path).commit, null);
  assertEquals(readCheckout(`${empty.path}/none`).commit, null);
});

/** Runs git in a folder; what it printed, undefined where there is no git. */
function run(folder: string, ...args: string[]): string | undefined {
  const user = ["-c", "user.name=Nobody", "-c", "user.email=nobody@localhost"];
  try {
    const { stdout } = new Deno.Command("git", { args: ["-C", folder, ...user, ...args] })
      .outputSync();
    return new TextDecoder().decode(stdout).trim();
  } catch {
    return undefined;
  }
}

Deno.test({
  name: "readCheckout() knows commit and changes, of every worktree (ignored without git)",
  ignore: run("/", "--version") === undefined,
  fn() {
    using folder = new TemporaryFolder();
    const [main, other] = [`${folder.path}/main`, `${folder.path}/other, #1`];
    run("/", "init", "--quiet", main);
    assertEquals(readCheckout(main), { commit: null, dirty: null });
    Deno.writeTextFileSync(`${main}/.gitignore`, "ignored");
    run(main, "add", ".gitignore");
    run(main, "commit", "--quiet", "--message=first");
    run(main, "worktree", "add", "--quiet", "-b", "other", other);
    const commit = run(main, "rev-parse", "HEAD")!;
    assertMatch(commit, /^[0-9a-f]{40}$/);
    for (const root of [main, other]) {
      assertEquals(readCheckout(root), { commit, dirty: false });
      // Neither is a change.
      Deno.writeTextFileSync(`${root}/ignored`, "");
      Deno.mkdirSync(`${root}/results`);
      Deno.writeTextFileSync(`${root}/results/run.json`, "");
      assertEquals(readCheckout(root), { commit, dirty: false });
      Deno.writeTextFileSync(`${root}/new.ts`, "");
      assertEquals(readCheckout(root), { commit, dirty: true });
    }
    run(other, "add", ".");
    run(other, "commit", "--quiet", "--message=second");
    const second = run(other, "rev-parse", "HEAD")!;
    assertEquals(readCheckout(other), { commit: second, dirty: false });
    Deno.writeTextFileSync(`${other}/.gitignore`, "changed");
    assertEquals(readCheckout(other), { commit: second, dirty: true });
    assertEquals(readCheckout(main), { commit, dirty: true });
  },
});
