/**
 * External servers in a record, and in the file that describes them to bench.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { STOP_SIGNALS } from "../../servers/external/external.ts";

const NAME = "Its name in tables, of small letters, digits and hyphens";
const PLACES = "{port}, {dir}, {workers} and {bytes} are filled in";
const ENVIRONMENT = `Variables of its environment, beside those of Herd; ${PLACES}`;
const TARGET = "Target of HTTP requests, such as /index.html; null: /bytes/N";
const READINESS = "Text that it prints once it is ready, beside its listening port; null: none";
const STOP_SIGNAL = "Signal that ends it, without SIG";
const WORKERS = "What {workers} stands for; null: the children of a pool";
const SHARED =
  "Whether other users may read {dir}, as a server needs that gives up root; else only its own user";

const name = z.string().regex(
  /^(?!constructor$)[a-z][a-z0-9-]*$/,
  "must be of small letters, digits and hyphens",
);
const variables = z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string());
const target = z.string().regex(/^\/\S*$/, "must begin with / and have no spaces").nullable();
const readiness = z.string().min(1).nullable();
const stopSignal = z.enum(STOP_SIGNALS);
const workers = z.int().positive().nullable();
/** A path below `{dir}`. */
const path = z.string().regex(
  /^(?!\.\.?(\/|$))[^/]+(\/(?!\.\.?(\/|$))[^/]+)*$/,
  "must be the path of a file in {dir}, without . and ..",
);

/** An external server as a plan has it. */
export const External = z.object({
  name: name.describe(NAME),
  command: z.array(z.string()).min(1).describe(`The program and its arguments; ${PLACES}`),
  environment: variables.describe(ENVIRONMENT),
  folder: z.string().describe("Its working directory"),
  service: z.enum(["bytes", "http"]).describe("What it speaks"),
  target: target.describe(TARGET),
  readiness: readiness.describe(READINESS),
  stopSignal: stopSignal.describe(STOP_SIGNAL),
  workers: workers.describe(WORKERS),
  files: z.record(path, z.string()).describe(
    `Text of the files written into {dir}, by path; ${PLACES}`,
  ),
  shared: z.boolean().describe(SHARED),
}).meta({ id: "External", description: "A server that knows nothing of Herd." });

const FileText = z.union([
  z.string().describe("Its text"),
  z.array(z.string()).describe("Its lines"),
  z.strictObject({ from: z.string().describe("Path of the file") })
    .meta({ id: "Copied", description: "A file to copy, its path from the folder of this one." }),
]);

/** An external server as a user describes it. What is left out is as without the field. */
export const Described = z.strictObject({
  name: name.describe(NAME),
  title: z.string().optional().describe("What it is, for people"),
  command: z.union([z.string().min(1), z.array(z.string()).min(1)]).describe(
    `The program and its arguments, as words or as a line with quotes, without a shell; ${PLACES}`,
  ),
  environment: variables.default({}).describe(ENVIRONMENT),
  folder: z.string().default(".").describe(
    "Its working directory, from that of this file",
  ),
  service: z.enum(["bytes", "http"]).nullable().default(null).describe(
    "What it speaks; null: the service of the run",
  ),
  target: target.default(null).describe(TARGET),
  readiness: readiness.default(null).describe(READINESS),
  stopSignal: stopSignal.default("TERM").describe(STOP_SIGNAL),
  workers: workers.default(null).describe(WORKERS),
  files: z.record(path, FileText).default({}).describe(
    `Files to write into {dir}, by path: text, lines, or a file to copy; ${PLACES}`,
  ),
  shared: z.boolean().default(false).describe(SHARED),
}).meta({ id: "Described", description: "A server that knows nothing of Herd." });

/** The file of `--externals`. */
export const ExternalsFile = z.strictObject({
  $schema: z.string().optional().describe("Address of this schema, for editors"),
  externals: z.array(Described).min(1).describe("The servers"),
}).meta({ title: "Externals", description: "External servers, for deno task bench --externals." });

export type External = z.infer<typeof External>;
export type Described = z.infer<typeof Described>;

/** The first thing that is wrong with what was read, and where. */
export function mistakeIn({ issues }: z.ZodError): string {
  const [issue] = issues;
  const { path, message } = issue!;
  const [inner] = issue!.code === "invalid_key" ? issue!.issues : [];
  return `${path.length === 0 ? "" : `${path.join(".")} `}${inner?.message ?? message}`;
}
