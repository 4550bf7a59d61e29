/**
 * The folder of a new record.
 *
 * @module
 */
import { RecordError, UsageError } from "../../servers/errors.ts";
import { isFull, reasonOf } from "./disk_errors.ts";

/**
 * Makes the folder of a record, and its parents.
 *
 * @throws {UsageError} if it cannot be made, or is not empty.
 */
export function makeFolder(folder: string): void {
  const isEmpty = making(folder, () => {
    Deno.mkdirSync(folder, { recursive: true });
    return [...Deno.readDirSync(folder)].length === 0;
  });
  if (isEmpty) return;
  throw new UsageError(`Cannot record into ${folder}: it has files already`, { option: "folder" });
}

/**
 * The same, of a folder that nobody else has: a number comes behind its name if there is one already, such as
 * of a run that began in the same second.
 */
export function makeOwnFolder(path: string): string {
  return making(path, () => {
    Deno.mkdirSync(path.replace(/\/[^/]+$/, ""), { recursive: true });
    for (let number = 1;; number++) {
      const folder = number === 1 ? path : `${path}-${number}`;
      if (isNewFolder(folder)) return folder;
    }
  });
}

/** Makes the folder of a record for what external servers print. Returns its path. */
export function makeOutputFolder(folder: string): string {
  const path = `${folder}/output`;
  making(folder, () => Deno.mkdirSync(path, { recursive: true }));
  return path;
}

function isNewFolder(folder: string): boolean {
  try {
    Deno.mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Runs a function that makes the folder of a record. @throws {HerdError} if it fails. */
function making<T>(folder: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const message = `Cannot record into ${folder}: ${reasonOf(cause)}`;
    if (isFull(cause)) throw new RecordError(message, { cause });
    throw new UsageError(message, { option: "folder", cause });
  }
}
