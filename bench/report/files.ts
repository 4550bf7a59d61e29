/**
 * Writes the derived files of a run.
 *
 * @module
 */
import { writeWhole } from "../record/store.ts";
import { deriveFiles } from "./derive.ts";
import type { ReportData } from "./summary/report_data.ts";

/**
 * Writes every derived file into the folder of the run.
 *
 * @throws {RecordError} if its folder cannot be written.
 */
export async function writeDerived(folder: string, data: ReportData): Promise<void> {
  for (const [name, content] of await deriveFiles(data)) {
    writeWhole(`${folder}/${name}`, content);
  }
}
