import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { record, rounds } from "../report/testing_fixture.ts";
import { schemaFiles, typesFile } from "./json_schema.ts";
import type { Plan, Run, Trial } from "./record.ts";
import type * as types from "./types.ts";

const results = new URL("../../results/", import.meta.url);

const { run, trials } = record(rounds("prefork-shared-accept", [0.1], { children: [600, 400] }));

/** Whether a schema file accepts a value. */
function accepts(name: string, value: unknown): boolean {
  return z.fromJSONSchema(JSON.parse(schemaFiles().get(name)!)).safeParse(value).success;
}

/** Every object in a JSON document, and its path. */
function* objects(value: unknown, path = ""): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  yield [path, value as Record<string, unknown>];
  for (const [key, part] of Object.entries(value)) yield* objects(part, `${path}/${key}`);
}

Deno.test("schemaFiles() gives the files under results/", () => {
  for (const [name, content] of schemaFiles()) {
    assertEquals(Deno.readTextFileSync(new URL(name, results)), content, "run deno task schema");
  }
  assertEquals([...schemaFiles().keys()], [
    "run.schema.json",
    "trial.schema.json",
    "summary.schema.json",
    "externals.schema.json",
  ]);
});

Deno.test("typesFile() gives types.ts, whose types are those of the schemas", () => {
  const path = new URL("types.ts", import.meta.url);
  assertEquals(Deno.readTextFileSync(path), typesFile(), "run deno task schema");
  // Of the same types, so that neither has a field more.
  const same: [Same<types.Run, Run>, Same<types.Trial, Trial>, Same<types.Plan, Plan>] = [
    true,
    true,
    true,
  ];
  assert(same);
});

/** Whether two types have the same fields of the same types, at every depth. */
type Same<A, B> = (<T>() => T extends Deep<A> ? 1 : 2) extends (<T>() => T extends Deep<B> ? 1 : 2)
  ? true
  : false;

/** A type with its interfaces resolved. */
type Deep<T> = T extends object ? { [Key in keyof T]: Deep<T[Key]> } : T;

Deno.test("schemaFiles() are JSON Schema of draft 2020-12 without ids", () => {
  for (const [name, content] of schemaFiles()) {
    const schema = JSON.parse(content);
    assertMatch(schema.$schema, /draft\/2020-12\/schema$/);
    for (const [path, part] of objects(schema)) {
      assert(!("$id" in part) && !("id" in part), `${name}${path} has an id`);
    }
  }
});

Deno.test("schemaFiles() describe every object and every field", () => {
  for (const [name, content] of schemaFiles()) {
    for (const [path, part] of objects(JSON.parse(content))) {
      if (!part.properties || path.endsWith("/properties")) continue;
      assert(part.title && part.description, `${name}${path} has no description`);
      for (const [field, type] of Object.entries(part.properties)) {
        assert(type.description, `${name}${path}/${field} has no description`);
      }
    }
  }
});

Deno.test("schemaFiles() accept a record, also with fields of a later version", () => {
  assert(accepts("run.schema.json", run));
  assert(accepts("trial.schema.json", trials[0]));
  assert(accepts("trial.schema.json", { ...trials[0], energyJoules: 1 }));
});

Deno.test("schemaFiles() refuse anything else", () => {
  const [trial] = trials;
  assert(!accepts("run.schema.json", trial));
  assert(!accepts("run.schema.json", { ...run, schema: run.schema + 1 }));
  assert(!accepts("run.schema.json", { ...run, plan: { ...run.plan, seed: -1 } }));
  assert(!accepts("trial.schema.json", { ...trial, status: "fine" }));
  assert(!accepts("trial.schema.json", { ...trial, cpu: { user: 1, system: 1 } }));
  assert(!accepts("trial.schema.json", { ...trial, load: { ...trial!.load, bytes: "4000" } }));
});
