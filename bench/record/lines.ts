/**
 * Schemas of the lines that the server and load programs print (`servers/host/protocol.ts`,
 * `clients/protocol.ts`). Their readers check every line.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import type { LoadEvent } from "../../clients/protocol.ts";
import type { ErrorEvent, ServerEvent } from "../../servers/host/protocol.ts";
import {
  Check,
  Child,
  Client,
  Cpu,
  Events,
  Memory,
  Parent,
  Preparation,
  Shortages,
  Switches,
} from "./record.ts";

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

const ErrorLine = z.object({
  event: z.literal("error"),
  exitCode: count,
  message: z.string(),
  option: z.string().optional(),
});

/** The report of any server. */
const MeasuredReport = z.object({
  design: z.string(),
  cpu: Cpu,
  switches: Switches.nullable(),
  parent: Parent.nullable(),
  children: z.array(Child),
  pssBytes: count.nullable(),
  memory: Memory.nullable(),
  otherAccount: z.object({ source: Check.shape.source, cpuSeconds: z.number() }),
  events: Events,
  preparation: Preparation.nullable(),
  shortages: Shortages.nullable(),
  lastLine: z.string().optional(),
  workers: z.object({
    listening: z.array(count),
    served: z.array(z.object({ pid: count, connections: count })).nullable(),
  }).optional(),
});

/** That of a design. */
const Report = MeasuredReport.extend({
  switches: Switches,
  shortages: Shortages,
  parent: Parent.extend({ switches: Switches }).nullable(),
  children: z.array(Child.extend({ switches: Switches })),
});

const Counts = z.object({
  connections: count,
  cpu: seconds,
  parentCpu: seconds.nullable(),
  children: z.array(z.object({ index: count, connections: count, open: count, cpu: seconds })),
});

const SERVER_LINES = [
  z.object({
    event: z.literal("ready"),
    design: z.string(),
    pid: count,
    host: z.string(),
    port: count,
    path: z.string().nullable(),
  }),
  z.object({ event: z.literal("marked") }),
  z.object({ event: z.literal("counts"), counts: Counts }),
  z.object({
    event: z.enum(["lost", "crashing"]),
    index: count,
    pid: count,
    reason: z.string(),
  }),
  z.object({ event: z.enum(["ended", "stopped"]), index: count, pid: count }),
  ErrorLine,
] as const;

const report = z.literal("report");
const failure = z.string().nullable();

/** A line of the server program of a design. */
export const ServerLine: z.ZodType<ServerEvent | ErrorEvent> = z.discriminatedUnion("event", [
  ...SERVER_LINES,
  z.object({ event: report, report: Report, failure }),
]);

/** A line of the server program of a design, or of an external server. */
export const MeasuredLine: z.ZodType<ServerEvent<null> | ErrorEvent> = z.discriminatedUnion(
  "event",
  [...SERVER_LINES, z.object({ event: report, report: MeasuredReport, failure })],
);

/** A line of the load program. */
export const LoadLine: z.ZodType<LoadEvent | ErrorEvent> = z.discriminatedUnion("event", [
  z.object({ event: z.literal("ready") }),
  z.object({ event: z.literal("finished"), start: z.number(), end: z.number() }),
  z.object({
    event: z.literal("report"),
    report: Client.extend({ workers: z.record(z.string(), count).nullable() }),
    counts: z.object({
      intervalMilliseconds: count,
      counts: z.array(z.array(count)),
    }).optional(),
  }),
  ErrorLine,
]);
