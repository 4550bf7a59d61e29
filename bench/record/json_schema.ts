/**
 * The JSON Schemas of a record, for readers in other languages, and its types, for programs that use Herd as a
 * library: JSR wants those written out. They follow from the schemas in `record.ts` and `figures.ts`.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { ExternalsFile } from "./external.ts";
import { Figures } from "./figures.ts";
import { Run, Trial } from "./record.ts";

/** The schema files: name and content. */
export function schemaFiles(): Map<string, string> {
  return new Map([
    ["run.schema.json", schemaFile(Run)],
    ["trial.schema.json", schemaFile(Trial)],
    ["summary.schema.json", schemaFile(Figures)],
    ["externals.schema.json", schemaFile(ExternalsFile)],
  ]);
}

type JsonSchema = Record<string, unknown>;

function schemaFile(root: z.ZodObject): string {
  // As input: readers ignore fields they do not know, so later versions may add some.
  const generated = z.toJSONSchema(root, { io: "input" });
  // Copied: zod uses one object for all fields of the same type.
  const { $schema, $defs, title, ...top } = JSON.parse(JSON.stringify(generated));
  const parts = Object.entries<JsonSchema>($defs).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([id, part]) => [id, titled(id, part)]);
  const schema = { $schema, ...titled(title, top), $defs: Object.fromEntries(parts) };
  return JSON.stringify(schema, null, 2) + "\n";
}

/** An object with its title, and each field with its description first. */
function titled(title: string, { id: _, description, ...rest }: JsonSchema) {
  const fields = Object.entries(rest.properties as Record<string, JsonSchema>)
    .map(([name, { description, ...type }]) => [name, { description, ...type }]);
  return { title, description, ...rest, properties: Object.fromEntries(fields) };
}

/** The source of `types.ts`: the types of a record as read, with their descriptions. */
export function typesFile(): string {
  const interfaces = new Map<string, string>();
  for (const root of [Run, Trial]) {
    const { $defs, title, ...top } = z.toJSONSchema(root) as JsonSchema;
    for (const [id, part] of Object.entries({ ...$defs as object, [title as string]: top })) {
      interfaces.set(id, interfaceText(id, part));
    }
  }
  return `${TYPES_HEAD}\n\n${[...interfaces.values()].join("\n")}${TYPES_TAIL}`;
}

const TYPES_HEAD = `/**
 * The types of a record. Written by \`deno task schema\`.
 *
 * @module
 */`;

const TYPES_TAIL = `
/** What a sweep can vary. */
export type Parameter = Sweep["parameter"];

/** A run as recorded. */
export interface Recorded {
  readonly run: Run;
  readonly trials: readonly Trial[];
}
`;

function interfaceText(id: string, { description, properties }: JsonSchema): string {
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(([name, field]) =>
    `  /** ${field.description}. */\n  ${name}: ${typeText(field)};\n`
  );
  return `/** ${description} */\nexport interface ${id} {\n${fields.join("")}}\n`;
}

/** The type of a field; one that has a default is there as well. */
function typeText({ $ref, anyOf, const: value, enum: values, type, ...rest }: JsonSchema): string {
  if (typeof $ref === "string") return $ref.slice("#/$defs/".length);
  if (value !== undefined) return JSON.stringify(value);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(anyOf)) return anyOf.map(typeText).join(" | ");
  if (type === "array") {
    const item = typeText(rest.items as JsonSchema);
    return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
  }
  if (type === "object") {
    return `Record<string, ${typeText(rest.additionalProperties as JsonSchema)}>`;
  }
  return [type].flat().map((name) => name === "integer" ? "number" : name).join(" | ");
}
