/**
 * The state of this checkout, as git has it.
 *
 * @module
 */
import { tryReadText } from "../../servers/posix/files.ts";
import type { Environment } from "../record/record.ts";

/** Undefined for a module that was not loaded from a file. */
const ROOT = import.meta.dirname?.replace(/\/bench\/machine$/, "");

/** Its commit, and whether files differ from it; null where that cannot be told. */
export function readCheckout(
  root: string | undefined = ROOT,
): Pick<Environment, "commit" | "dirty"> {
  const git = root === undefined ? undefined : gitFolder(root);
  const commit = git === undefined ? null : commitOf(git);
  return { commit, dirty: commit === null ? null : isDirty(root!, git!) };
}

/** The git folder of a checkout. In one more worktree of a repository `.git` is a file that names it. */
function gitFolder(root: string): string {
  const elsewhere = tryReadText(`${root}/.git`)?.match(/^gitdir: (.*)$/m)?.[1];
  return elsewhere === undefined ? `${root}/.git` : pathFrom(root, elsewhere);
}

/** A path that may be relative to a folder. */
function pathFrom(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

/** The commit that a git folder has checked out. Branches of worktrees are in their common folder. */
function commitOf(git: string): string | null {
  const head = tryReadText(`${git}/HEAD`)?.trim();
  const branch = head?.match(/^ref: (.*)$/)?.[1];
  if (branch === undefined) return head ?? null;
  const common = pathFrom(git, tryReadText(`${git}/commondir`)?.trim() ?? ".");
  const packed = tryReadText(`${common}/packed-refs`)?.split("\n") ?? [];
  return tryReadText(`${common}/${branch}`)?.trim() ??
    packed.find((line) => line.endsWith(` ${branch}`))?.split(" ")[0] ?? null;
}

/** Whether files differ from the commit, or are new. Recorded runs are in no commit. */
function isDirty(root: string, git: string): boolean | null {
  const repository = ["--no-optional-locks", `--git-dir=${git}`, `--work-tree=${root}`];
  try {
    const { success, stdout } = new Deno.Command("git", {
      args: [...repository, "status", "--porcelain", "--", ".", ":(exclude)results"],
      cwd: root,
      stderr: "null",
    }).outputSync();
    return success ? stdout.length > 0 : null;
  } catch {
    // There is no git, or no permission to run it.
    return null;
  }
}
