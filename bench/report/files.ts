/**
 * Writes what follows from a record into its folder.
 *
 * @module
 */
import type { Recorded } from "../record/record.ts";
import { writeWhole } from "../record/store.ts";
import { deriveFiles } from "./derive.ts";

/**
 * Writes every derived file of a recorded run.
 *
 * @throws {RecordError} if its folder cannot be written.
 */
export async function writeDerived(folder: string, recorded: Recorded): Promise<void> {
  for (const [name, content] of await deriveFiles(recorded)) {
    writeWhole(`${folder}/${name}`, content);
  }
}
