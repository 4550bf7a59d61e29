/**
 * Reads values as zod does, several times faster, where nothing is wrong with them: of a large record most of
 * the time would go into zod. What is wrong, zod finds out.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";

type JsonSchema = Record<string, unknown>;
type Definitions = Readonly<Record<string, JsonSchema>>;

/** Returns what a schema makes of a value from JSON: a copy with its fields and defaults. */
// deno-lint-ignore no-explicit-any -- it takes values of any kind
export type Reader = (value: any) => unknown;

/** What a reader returns that leaves a value to zod. Valid values may be among them. */
export const LEFT: unique symbol = Symbol("left to zod");

/** A reader for a schema. */
export function readerOf(schema: z.ZodType): Reader {
  const whole: JsonSchema = z.toJSONSchema(schema);
  return reader(whole, whole.$defs as Definitions);
}

/** Keywords that restrict nothing; `format` stands beside a pattern. */
const ANNOTATIONS = ["$schema", "$defs", "id", "title", "description", "default", "format"];

/** Readers by type, with the keywords that they know. */
const READERS: Readonly<
  Record<string, [string[], (schema: JsonSchema, definitions: Definitions) => Reader]>
> = {
  null: [[], () => (value) => value === null ? value : LEFT],
  boolean: [[], () => (value) => typeof value === "boolean" ? value : LEFT],
  number: [["minimum", "maximum"], (schema) => numbers(Number.isFinite, schema)],
  integer: [["minimum", "maximum"], (schema) => numbers(Number.isInteger, schema)],
  string: [["pattern", "maxLength", "enum"], strings],
  array: [["items", "maxItems"], arrays],
  object: [["properties", "required", "additionalProperties", "propertyNames"], objects],
};

function reader({ $ref, anyOf, type, ...rest }: JsonSchema, definitions: Definitions): Reader {
  if (typeof $ref === "string") {
    return reader(definitions[$ref.slice("#/$defs/".length)]!, definitions);
  }
  if (Array.isArray(anyOf)) return oneOf(anyOf, definitions);
  if (Array.isArray(type)) return oneOf(type.map((type) => ({ ...rest, type })), definitions);
  const [keywords, make] = READERS[type as string] ?? [[], () => () => LEFT];
  const known = [...ANNOTATIONS, ...keywords];
  const isKnown = Object.keys(rest).every((name) => known.includes(name));
  return isKnown ? make(rest, definitions) : () => LEFT;
}

function oneOf(schemas: readonly JsonSchema[], definitions: Definitions): Reader {
  const readers = schemas.map((schema) => reader(schema, definitions));
  return (value) => {
    for (const read of readers) {
      const made = read(value);
      if (made !== LEFT) return made;
    }
    return LEFT;
  };
}

function numbers(is: (value: unknown) => boolean, { minimum, maximum }: JsonSchema): Reader {
  const [least, most] = [Number(minimum ?? -Infinity), Number(maximum ?? Infinity)];
  return (value) => is(value) && value >= least && value <= most ? value : LEFT;
}

function strings({ pattern, maxLength, enum: values }: JsonSchema): Reader {
  if (Array.isArray(values)) return (value) => values.includes(value) ? value : LEFT;
  const most = Number(maxLength ?? Infinity);
  const regex = typeof pattern === "string" ? new RegExp(pattern) : { test: () => true };
  return (value) =>
    typeof value === "string" && value.length <= most && regex.test(value) ? value : LEFT;
}

function arrays({ items, maxItems }: JsonSchema, definitions: Definitions): Reader {
  const read = reader(items as JsonSchema, definitions);
  const most = Number(maxItems ?? Infinity);
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return LEFT;
    const all = value.map(read);
    return all.includes(LEFT) ? LEFT : all;
  };
}

/** Objects with fields of any name are left to zod, unless they are empty: it knows of `__proto__`. */
function objects({ properties = {} }: JsonSchema, definitions: Definitions): Reader {
  const fields = Object.entries(properties as Record<string, JsonSchema>)
    .map(([name, field]) => [name, reader(field, definitions), plainDefault(field)] as const);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return LEFT;
    const copy: Record<string, unknown> = {};
    for (const [name, read, absent] of fields) {
      const field = value[name];
      const made = copy[name] = field === undefined ? absent : read(field);
      if (made === LEFT || made === undefined) return LEFT;
    }
    return fields.length === 0 && Object.keys(value).length > 0 ? LEFT : copy;
  };
}

/** Undefined also for objects: each value would need one of its own. */
function plainDefault({ default: value }: JsonSchema): unknown {
  return typeof value === "object" && value !== null ? undefined : value;
}
