/**
 * A check of the machine, as data.
 *
 * @module
 */

/** What checks are about: what the machine can run, what bounds it, and how quiet it is. */
export const GROUPS = ["ability", "limit", "quiet"] as const;

/** A check, and what it found. */
export interface Check {
  readonly group: typeof GROUPS[number];
  /** What was checked. */
  readonly what: string;
  /**
   * `ok`; `limited`: Herd does without, measures less well, or not everything that flags allow; `missing`: the
   * default bench cannot run.
   */
  readonly state: "ok" | "limited" | "missing";
  /** How it stands. */
  readonly stands: string;
  /** What mends it; null: nothing has to, or can. */
  readonly mend: string | null;
}

/** Whether everything works that the default bench needs. */
export function canBench(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== "missing");
}

/** A check that found nothing to mend. */
export function fine(group: Check["group"], what: string, stands: string): Check {
  return { group, what, state: "ok", stands, mend: null };
}
