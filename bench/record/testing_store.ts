/**
 * Records of tests on disk.
 *
 * @module
 */
import type { Recorded } from "./record.ts";
import { Store } from "./store.ts";

/** Records a run, into a folder that is empty or new. */
export function store(folder: string, { run, trials }: Recorded): void {
  using store = Store.create(folder, run);
  for (const trial of trials) store.add(trial);
}
