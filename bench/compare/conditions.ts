/**
 * Whether two recorded runs were measured under the same conditions.
 *
 * @module
 */
import type { Environment, Plan, Run } from "../record/record.ts";

/**
 * What affects the results without being compared. The commit is not included: runs are recorded to
 * compare commits. Nor is the memory size, which only has to be sufficient.
 */
const ENVIRONMENT = [
  "system",
  "kernel",
  "architecture",
  "libc",
  "cpu",
  "processors",
  "autogroup",
  "loopback",
  "deno",
  "v8",
] as const satisfies readonly (keyof Environment)[];

/** The CPU quota of a run, in processors. */
const quotaOf = ({ environment: { quota } }: Run) => ({ quota: quota?.processors ?? "none" });

const LOAD = [
  "clients",
  "connections",
  "duration",
  "requests",
  "service",
  "bytes",
  "children",
  "steer",
  "policy",
  "think",
  "rate",
  "arrivals",
  "work",
  "workDistribution",
  "wait",
  "waitDistribution",
  "sessions",
  "counters",
  "pin",
  "netns",
  "local",
  "ipv6",
  "hosts",
] as const satisfies readonly (keyof Plan)[];

/** The differences between the conditions of two runs, each as "kernel: 6.1 in A, 6.2 in B". */
export function differingConditions(a: Run, b: Run): string[] {
  return [
    ...differing(ENVIRONMENT, a.environment, b.environment),
    ...differing(["quota"], quotaOf(a), quotaOf(b)),
    ...differing(LOAD, a.plan, b.plan),
  ];
}

function differing<T>(names: readonly (keyof T & string)[], a: T, b: T): string[] {
  return names
    .filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map((name) => `${name}: ${valueText(a[name])} in A, ${valueText(b[name])} in B`);
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "unknown";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
