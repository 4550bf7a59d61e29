/**
 * Writes what follows from a record into its folder.
 *
 * @module
 */
import { writeWhole } from "../record/store.ts";
import { deriveFiles } from "./derive.ts";
import type { ReportData } from "./summary/report_data.ts";

/**
 * Writes every derived file of a recorded run.
 *
 * @throws {RecordError} if its folder cannot be written.
 */
export async function writeDerived(folder: string, data: ReportData): Promise<void> {
  for (const [name, content] of await deriveFiles(data)) {
    writeWhole(`${folder}/${name}`, content);
  }
}
