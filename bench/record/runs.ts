/**
 * The runs recorded in the default folder.
 *
 * @module
 */
import { RecordError } from "../../servers/errors.ts";
import type { Run } from "./record.ts";
import { readRun } from "./store.ts";

/** The default folder of records. */
export const RESULTS = "results";

/** The published run. It is in every checkout, and was measured elsewhere. */
const REFERENCE = "reference";

/** A recorded run in the default folder. */
export interface RunInFolder {
  readonly folder: string;
  readonly run: Run;
}

/** All recorded runs, the newest first. `unreadable` is told of a `run.json` that cannot be read. */
export function recordedRuns(
  results: string = RESULTS,
  unreadable: (error: RecordError) => void = () => {},
): RunInFolder[] {
  return foldersIn(results).flatMap((folder) => {
    try {
      return [{ folder, run: readRun(folder) }];
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      unreadable(error);
      return [];
    }
  }).toSorted((a, b) => a.run.startedAt < b.run.startedAt ? 1 : -1);
}

/** Whether a run was recorded here. */
export function isOwn({ folder }: RunInFolder): boolean {
  return !folder.endsWith(`/${REFERENCE}`);
}

/** The commit of a run, as git names it in short; null where there is none. */
export function commitText({ environment: { commit, dirty } }: Run): string | null {
  return commit && commit.slice(0, 10) + (dirty ? "-dirty" : "");
}

/** Runs beyond the newest that are to be kept, and begun before a time. */
export function oldRuns(
  newestFirst: readonly RunInFolder[],
  { keep, before }: { readonly keep: number; readonly before: string },
): RunInFolder[] {
  return newestFirst.slice(keep).filter(({ run }) => run.startedAt < before);
}

/** Removes the folder of a run. @throws {RecordError} if it cannot be removed. */
export function removeRun(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (cause) {
    throw new RecordError(`Cannot remove ${folder}: ${(cause as Error).message}`, { cause });
  }
}

/** The folder of a run, by the name of that folder, or else the newest by its own name. */
export function findRun(name: string, results: string = RESULTS): string | undefined {
  const runs = recordedRuns(results);
  const found = runs.find(({ folder }) => folder === `${results}/${name}`) ??
    runs.find(({ run }) => run.name === name);
  return found?.folder;
}

/** The folders in a folder that have a `run.json`; links are left alone. */
function foldersIn(results: string): string[] {
  try {
    return [...Deno.readDirSync(results)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => `${results}/${name}`)
      .filter((folder) => [...Deno.readDirSync(folder)].some(({ name }) => name === "run.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
