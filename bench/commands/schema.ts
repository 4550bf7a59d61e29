/**
 * The command `schema`: write the JSON Schema of a recorded run, for readers in other languages. It follows from the
 * schemas in `record.ts`; what stands here besides are the words: a field without any does not compile.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { ExitCode } from "../../servers/errors.ts";
import { z } from "zod";
import {
  Check,
  Child,
  Client,
  Cpu,
  Environment,
  Limits,
  Load,
  Machine,
  Parent,
  Pin,
  Plan,
  Run,
  SCHEMA_VERSION,
  Sweep,
  Switches,
  Trace,
  Trial,
} from "../record/record.ts";

/** An object of the record, in words. */
interface Described {
  readonly schema: z.ZodObject;
  readonly description: string;
  /** By field. */
  readonly fields: Readonly<Record<string, string>>;
}

function describe<S extends z.ZodObject>(
  schema: S,
  description: string,
  fields: Readonly<Record<keyof z.infer<S>, string>>,
): Described {
  return { schema, description, fields };
}

const TIME = "Time in UTC, ISO 8601";
const PSS =
  "Memory in bytes at the end, shared pages by share (Pss); null: a thread, or not readable";
const POOL_SIZE = "Children a pool is to have; null for the baseline, and in records of old";
const REASON = "Why not; null where it did";

/** What has a name of its own in both files. */
const parts: Readonly<Record<string, Described>> = {
  Cpu: describe(Cpu, "CPU time in seconds.", {
    user: "Seconds in user mode; counted in ticks, so only indicative",
    system: "Seconds in the kernel; counted in ticks, so only indicative",
    total: "Seconds in all, exact; not quite the sum of the two",
  }),
  Switches: describe(Switches, "Context switches, see getrusage(2).", {
    voluntary: "It waited for something (ru_nvcsw)",
    involuntary: "Its time was up, or another was more urgent (ru_nivcsw)",
  }),
  Child: describe(Child, "What one child did and cost between mark and stop.", {
    index: "Place in the pool, from 0",
    pid: "Process of the child alive at the end; null where one entry stands for all children",
    connections: "Connections served",
    given: "Connections the parent has passed to it; 0 where it does not pass them",
    rejected: "Connections closed because of a request the service refuses",
    lost: "Children that died in this place",
    cpu: "CPU time of this child",
    switches: "Context switches of this child",
    pssBytes: PSS,
  }),
  Parent: describe(Parent, "A process that only accepts, hands over or waits.", {
    pid: "Process",
    cpu: "CPU time of the parent",
    switches: "Context switches of the parent",
    pssBytes: PSS,
  }),
  Latency: describe(Client.shape.latency, "Seconds from connect to the end of the reply.", {
    p50: "Median, in seconds",
    p99: "99th percentile, in seconds",
    max: "Longest, in seconds",
    histogram: "HdrHistogram of microseconds, V2 compressed, base64",
  }),
  Client: describe(Client, "What the clients saw, all together.", {
    connections: "Connections answered in full",
    errors: "Connections that failed, by kind: a name of errno(3), or words",
    wallSeconds: "Seconds from the first client's start to the last one's end",
    connectionsPerSecond: "Connections answered in full, a second of wall time",
    cpu: "CPU time of all clients",
    latency: "How long a connection took",
  }),
  Load: describe(Load, "The load of one trial.", {
    clients: "Clients at the same time",
    connections: "Connections each client makes, one after the other",
    bytes: "Bytes asked for on each connection",
    think: "Milliseconds a client waits between two connections",
  }),
  Check: describe(Check, "CPU time of the server as another account has it.", {
    source: "The CPU accounting of a cgroup of its own, or the scheduler's statistics of processes",
    cpuSeconds: "Seconds, between the same two moments",
    difference: "(cpu.total − cpuSeconds) ÷ cpuSeconds; null where that is 0",
    agrees: "Whether they differ by 2 % at most; null below 0.1 s",
  }),
  Machine: describe(Machine, "What else went on meanwhile. Null: could not be read.", {
    seconds: "How long that was",
    loadAverage: "Load average of a minute, before the trial",
    busySeconds: "What all processors were busy with, whoever it was; in steps of 10 ms",
    stealSeconds: "What the hypervisor gave to others; in steps of 10 ms",
  }),
  Sweep: describe(Sweep, "What a run varies from trial to trial.", {
    parameter: "What is varied; more clients share the same connections",
    values: "The values it takes",
  }),
  Pin: describe(Pin, "Processors that server and client are confined to.", {
    server: "The server's; null: any",
    client: "The clients'; null: any",
  }),
  Limits: describe(Limits, "How long the steps of a trial may take, in seconds.", {
    start: "From the start of a server, or a load, until it is ready",
    request: "A connection that stands still",
    run: "The whole load",
    stop: "The end of a server",
    design:
      "All loads of a design, in a sweep at one value, before it joins no further rounds; 0: none",
  }),
  Syscall: describe(Trace.shape.syscalls.valueType, "How often a system call was made.", {
    calls: "Times it was called",
    errors: "Times it failed, with EAGAIN too",
  }),
  Trace: describe(Trace, "System calls of an extra trial, which was traced and not measured.", {
    design: "Id of the design",
    connections: "Connections that were served meanwhile",
    syscalls: "By name",
  }),
  Kernel: describe(Trial.shape.kernel, "What the kernel counted meanwhile.", {
    passiveOpens: "Connections the network namespace accepted (PassiveOpens); null: not readable",
    otherTraffic: "Those of them that were not ours",
  }),
  Planned: describe(Plan.shape.trials.element, "A trial as planned.", {
    round: "Round, from 1",
    position: "Position within the round, from 0",
    design: "Id of the design",
    load: "Load it is given",
    poolSize: POOL_SIZE,
  }),
  Plan: describe(Plan, "What is run, and in which order.", {
    designs: "Ids of the designs, in the order of the registry",
    rounds: "Rounds; each runs every design once",
    seed: "Seed of the random order within each round",
    clients: "Clients at the same time; one for the baseline",
    connections: "Connections each client makes; the baseline's one client makes all of them",
    bytes: "Bytes asked for on each connection",
    children: "Children of a pool",
    think: "Milliseconds a client waits between two connections; the baseline's does not",
    sweep: "What is varied from trial to trial; null: nothing",
    sessions: "Whether server and client have a process session of their own, see setsid(2)",
    pin: "Processors that server and client are confined to",
    local:
      "Whether servers are reached over Unix-domain sockets, or a local transport of their own",
    netns: "Whether everything runs in a network namespace of its own",
    limits: "How long the steps of a trial, and all trials of a design, may take",
    trials: "Every planned trial, in order; in the end without those that limits.design left out",
  }),
  Fork: describe(Environment.shape.fork, "Whether fork(2) works here.", {
    works: "Whether it does",
    attempts: "How often it was tried",
    reason: REASON,
  }),
  Environment: describe(Environment, "Where it was measured. Null: could not be read.", {
    system: "Operating system",
    kernel: "Its release",
    architecture: "Of the processor",
    libc: "C library and its version",
    cpu: "Model of the processor",
    processors: "Processors online",
    memoryBytes: "Memory in bytes",
    autogroup: "Whether the scheduler groups processes by session (sched_autogroup_enabled)",
    governor: "How the processors' clocks are governed",
    mitigations: "What the kernel does against flaws of the processor, by flaw",
    loadAverage: "Load averages of 1, 5 and 15 minutes when the run started",
    cpuPressurePercent: "Share of the last 10 s in which something waited for a processor (PSI)",
    deno: "Version of Deno",
    v8: "Version of V8",
    commit: "Commit of Herd, where it is a git checkout",
    fork: "Whether fork(2) works here, and what its proof took",
  }),
};

const trial = describe(Trial, "One line of trials.jsonl: one design under one load, once.", {
  round: "Round, from 1",
  position: "Position within the round, from 0",
  design: "Id of the design",
  status: "Whether it counts; dnf: it did not finish within its limits",
  reason: "Why it does not count; null where it does",
  startedAt: TIME,
  load: "Load it was given",
  poolSize: POOL_SIZE,
  pssBytes: PSS,
  check: "Another account of that; null where there is none",
  machine: "What else went on meanwhile",
  cpu: "CPU time of everything that serves; null where it failed before there was any",
  switches: "Context switches of everything that serves; null as for cpu",
  parent: "Null where the process that accepts is the one that serves",
  children: "The children by index; one entry for all where each client has a child of its own",
  client: "What the clients saw; null where it failed before they had",
  kernel: "What the kernel counted meanwhile",
});

const run = describe(Run, "run.json: what was planned, on which machine.", {
  schema: `Version of this schema: ${SCHEMA_VERSION}; raised when a field changes its meaning`,
  herd: "Version of Herd",
  startedAt: TIME,
  endedAt: `${TIME}; null where the run is under way, or was killed`,
  complete: "Whether every planned trial is in trials.jsonl",
  plan: "What is run",
  environment: "Where",
  traces: "System calls of each design, where they were traced",
});

/** The schema files: name and content. The same every time. */
export function schemaFiles(): Map<string, string> {
  return new Map([
    ["run.schema.json", schemaFile("Run", run)],
    ["trial.schema.json", schemaFile("Trial", trial)],
  ]);
}

/** A JSON Schema as an object, as far as words are added to it. */
interface JsonSchema extends Record<string, unknown> {
  properties: Record<string, Record<string, unknown>>;
  $defs: Record<string, JsonSchema>;
}

function schemaFile(name: string, root: Described): string {
  const registry = z.registry<{ id: string }>();
  for (const [id, { schema }] of Object.entries(parts)) registry.add(schema, { id });
  // As input: a reader leaves alone what it does not know, so a later Herd may add fields.
  const generated = z.toJSONSchema(root.schema, { io: "input", metadata: registry });
  // Copied: zod gives fields of one type one and the same object.
  const { $schema, $defs, ...top }: JsonSchema = JSON.parse(JSON.stringify(generated));
  const named = Object.entries($defs).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([id, part]) => [id, withWords(id, part, parts[id]!)]);
  const schema = { $schema, ...withWords(name, top, root), $defs: Object.fromEntries(named) };
  return JSON.stringify(schema, null, 2) + "\n";
}

function withWords(
  title: string,
  { id: _, ...schema }: Record<string, unknown>,
  { description, fields }: Described,
): Record<string, unknown> {
  const properties = Object.entries(schema.properties as JsonSchema["properties"])
    .map(([field, type]) => [field, { description: fields[field], ...type }]);
  return { title, description, ...schema, properties: Object.fromEntries(properties) };
}

export const command = defineCommand({
  name: "schema",
  operands: "",
  description: "Write the JSON Schemas of a record into results/.",
  flags: {},
  run: writeSchemas,
});

function writeSchemas(): number {
  const results = new URL("../../results/", import.meta.url);
  for (const [name, content] of schemaFiles()) {
    Deno.writeTextFileSync(new URL(name, results), content);
  }
  return ExitCode.ok;
}
