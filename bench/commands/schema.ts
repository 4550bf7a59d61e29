/**
 * The command `schema`: write the JSON Schemas of a record.
 *
 * @module
 */
import { ExitCode } from "../../servers/errors.ts";
import { defineCommand } from "../cli/command.ts";
import { schemaFiles } from "../record/json_schema.ts";
import { writeWhole } from "../record/store.ts";

const RESULTS = `${import.meta.dirname}/../../results`;

export const command = defineCommand({
  name: "schema",
  operands: "",
  description: "Write the JSON Schemas of a record into results/.",
  examples: [
    ["Write them after a change of the record", ""],
  ],
  flags: {},
  exits: ["record"],
  run() {
    for (const [name, content] of schemaFiles()) writeWhole(`${RESULTS}/${name}`, content);
    return ExitCode.ok;
  },
});
