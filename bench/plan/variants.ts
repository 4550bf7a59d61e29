/**
 * Options that only some designs have.
 *
 * @module
 */
import type { Design, Policy, Steering } from "../../servers/design.ts";
import { designs } from "../../servers/designs.ts";
import { UsageError } from "../../servers/errors.ts";

/** What each option may be, by default the first, and which designs have it. */
export const VARIANTS = {
  steer: {
    values: ["hash", "cpu", "random"],
    isOf: ({ isSharded }) => isSharded === true,
  },
  policy: {
    values: ["lowest-free", "round-robin", "least-connections"],
    isOf: ({ passes }) => passes === "free",
  },
} as const satisfies Record<string, {
  readonly values: readonly (Steering | Policy)[];
  readonly isOf: (design: Design) => boolean;
}>;

/** The options, as a command line or a program gives them. */
export interface Variants {
  readonly steer?: string | undefined;
  readonly policy?: string | undefined;
}

/** The options with defaults. */
export interface ChosenVariants {
  readonly steer: Steering;
  readonly policy: Policy;
}

/**
 * The options of a server, or of a run of these designs.
 *
 * @throws {UsageError} for an unknown value, or an option that none of the designs has.
 */
export function variantsOf(ids: readonly string[], { steer, policy }: Variants): ChosenVariants {
  return { steer: chosen("steer", steer, ids), policy: chosen("policy", policy, ids) };
}

function chosen<Name extends keyof typeof VARIANTS>(
  option: Name,
  given: string | undefined,
  ids: readonly string[],
): typeof VARIANTS[Name]["values"][number] {
  const { values, isOf } = VARIANTS[option];
  if (given === undefined) return values[0];
  const value = values.find((value) => value === given);
  if (value === undefined) {
    throw new UsageError(`Unknown ${option} "${given}": there are ${values.join(", ")}`, {
      option,
    });
  }
  const having = designs.filter(isOf).map(({ id }) => id);
  if (ids.some((id) => having.includes(id))) return value;
  throw new UsageError(
    `Cannot use ${option} with ${ids.join(", ")}: it is an option of ${having.join(", ")}`,
    { option },
  );
}
