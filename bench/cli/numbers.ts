/**
 * Numbers on the command line: their units and their ranges.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";

/** A flag with a number, which is whole unless it may have `fractions`. */
export interface NumberFlag {
  readonly kind: "integer";
  /** What help calls it: N counts something, SECONDS, MS and US are times. */
  readonly value: string;
  /** Without one, the flag is undefined unless it is given. */
  readonly default?: number;
  readonly min: number;
  readonly max: number;
  /** What 0 stands for, such as no limit. */
  readonly zero?: string;
  /** Whether it need not be whole. */
  readonly fractions?: boolean;
  readonly help: string;
}

/** The units that a number may be written in; each is so many of its base. */
interface Units {
  /** What a number without a unit counts; undefined: things. */
  readonly name?: string;
  /** That many of the base are one of what the flag counts. */
  readonly one: number;
  readonly factors: Readonly<Record<string, number>>;
}

/** Times in nanoseconds. */
const TIMES = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 24 * 3600e9 };

/** Units by the value of a flag. A flag with another value has none. */
const UNITS: Readonly<Record<string, Units>> = {
  N: { one: 1, factors: { k: 1e3, M: 1e6, Ki: 1024, Mi: 1024 ** 2 } },
  US: { name: "microseconds", one: TIMES.us, factors: TIMES },
  MS: { name: "milliseconds", one: TIMES.ms, factors: TIMES },
  SECONDS: { name: "seconds", one: TIMES.s, factors: TIMES },
};

/** The units of numbers, as help explains them. */
export const UNITS_HELP = `Numbers may have a unit: ${namesOf("N")} (4k is 4000), times ${
  namesOf("SECONDS")
}.`;

/** Whether a number of this flag may have a unit. */
export function hasUnits({ value }: NumberFlag): boolean {
  return Object.hasOwn(UNITS, value);
}

/** What help says of a flag: its help, and its default. */
export function numberHelp({ help, default: value, zero }: NumberFlag): string {
  if (value === 0 && zero !== undefined) return `${help} (default: ${zero})`;
  const text = zero === undefined ? help : `${help}; 0 is ${zero}`;
  return value === undefined ? text : `${text} (default ${value})`;
}

function namesOf(value: string): string {
  return Object.keys(UNITS[value]!.factors).join(", ");
}

/** A highest value from here on is one of representation, which says nothing about what to write. */
const UNBOUNDED = 2 ** 31 - 1;

/**
 * Parses the number given to a flag, such as `15`, `4k` or `5m`.
 *
 * @throws {UsageError} if it is no such number in the range of the flag.
 */
export function parseNumber(name: string, flag: NumberFlag, text: string): number {
  const units = UNITS[flag.value];
  const number = valueOf(text, units);
  const { min, max, fractions = false } = flag;
  const isOfKind = fractions ? Number.isFinite(number) : Number.isInteger(number);
  if (isOfKind && number >= min && number <= max) return number;
  const whole = isOfKind ? "" : fractions ? "a number, " : "a whole number, ";
  const range = max >= UNBOUNDED && !(number > max) ? `${min} or more` : `${min} to ${max}`;
  const counted = units?.name ? ` ${units.name}` : "";
  const hint = Number.isNaN(number) && units && /^\d/.test(text)
    ? `; units are ${namesOf(flag.value)}`
    : "";
  const current = /^\S+$/.test(text) ? text : JSON.stringify(text);
  throw new UsageError(`--${name} must be ${whole}${range}${counted}, not ${current}${hint}`);
}

/** The value of a number with or without a unit; NaN if it is none. */
function valueOf(text: string, units: Units | undefined): number {
  const [, digits, unit] = text.match(/^(-?\d+(?:\.\d+)?)([A-Za-z]*)$/) ?? [];
  if (digits === undefined) return NaN;
  if (unit === "") return Number(digits);
  if (units === undefined || !Object.hasOwn(units.factors, unit!)) return NaN;
  // Decimals are not exact: 1.1 × 1000 may be a little beside 1100.
  return Number((Number(digits) * units.factors[unit!]! / units.one).toPrecision(15));
}
