/**
 * The JSON Schemas of a record, for readers in other languages. They follow from the schemas in `record.ts`
 * and `figures.ts`.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { Figures } from "./figures.ts";
import { Run, Trial } from "./record.ts";

/** The schema files: name and content. */
export function schemaFiles(): Map<string, string> {
  return new Map([
    ["run.schema.json", schemaFile(Run)],
    ["trial.schema.json", schemaFile(Trial)],
    ["summary.schema.json", schemaFile(Figures)],
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
