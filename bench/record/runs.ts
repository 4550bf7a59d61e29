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

/** All recorded runs, the newest first. What has no readable `run.json` is none. */
export function recordedRuns(results: string = RESULTS): RunInFolder[] {
  const folders = [...namesOfFolders(results)].map((name) => `${results}/${name}`);
  return folders.flatMap((folder) => {
    const run = tryReadRun(folder);
    return run === undefined ? [] : [{ folder, run }];
  }).toSorted((a, b) => a.run.startedAt < b.run.startedAt ? 1 : -1);
}

/** Those that were recorded here, the newest first. */
export function ownRuns(results: string = RESULTS): RunInFolder[] {
  return recordedRuns(results).filter(({ folder }) => folder !== `${results}/${REFERENCE}`);
}

/** The folder of a run, by the name of that folder, or else the newest by its own name. */
export function findRun(name: string, results: string = RESULTS): string | undefined {
  const runs = recordedRuns(results);
  const found = runs.find(({ folder }) => folder === `${results}/${name}`) ??
    runs.find(({ run }) => run.name === name);
  return found?.folder;
}

function namesOfFolders(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function tryReadRun(folder: string): Run | undefined {
  try {
    return readRun(folder);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
