/**
 * The command `schema`: write the JSON Schemas of a record.
 *
 * @module
 */
import { ExitCode } from "../../servers/errors.ts";
import { defineCommand } from "../cli/command.ts";
import { schemaFiles, typesFile } from "../record/json_schema.ts";
import { writeWhole } from "../record/store.ts";

const ROOT = `${import.meta.dirname}/../..`;

export const command = defineCommand({
  name: "schema",
  operands: "",
  description: "Write the JSON Schemas of a record into results/, and its types.",
  examples: [
    ["Write them after a change of the record", ""],
  ],
  flags: {},
  exits: ["record"],
  run() {
    for (const [name, content] of schemaFiles()) writeWhole(`${ROOT}/results/${name}`, content);
    writeWhole(`${ROOT}/bench/record/types.ts`, typesFile());
    return ExitCode.ok;
  },
});
