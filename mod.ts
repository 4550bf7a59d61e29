/**
 * Herd as a library: the server designs of Stevens' *Unix Network Programming*, chapter 30, to run, load and
 * measure.
 *
 * Servers and loads run as subprocesses and end with the process that started them. Times and CPU are in
 * seconds, sizes in bytes. A program that uses Herd needs `--allow-ffi --allow-run`, and read and write
 * permission if it records runs.
 *
 * Errors are classes, each with the exit code of a command that ends with it:
 *
 * - {@link UsageError}: a request that cannot be met, such as an unknown design, a number out of range, a port
 *   in use or a folder with files in it. Its `option` is the name of the option to change.
 * - {@link FailedError}: a server or a load failed. The message has the reason. A failed trial of `bench` is no
 *   error: it is in the record.
 * - {@link UnsupportedError}: this machine does not support it, such as fork(2) of a Deno process.
 * - {@link SystemError}: a system call of this process failed, such as for lack of memory.
 * - {@link RecordError}: a record cannot be read or written, such as on a full disk.
 *
 * All of them are a {@link HerdError}. Any other error is a bug in Herd.
 *
 * @example What does it cost to fork a process for each client?
 * ```ts
 * import { assert } from "@std/assert";
 * import { bench } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir({ dir: "/tmp" });
 * const { trials } = await bench({
 *   designs: ["fork-per-client", "prefork-shared-accept"],
 *   rounds: 1,
 *   clients: 2,
 *   connections: 10,
 *   children: 4,
 *   folder,
 * });
 * const cpu = (id: string) => trials.find(({ design }) => design === id)!.cpu!.total;
 * assert(cpu("fork-per-client") > cpu("prefork-shared-accept"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example What do idle children cost?
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { bench, sweepPoints } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir({ dir: "/tmp" });
 * const recorded = await bench({
 *   designs: ["prefork-mutex"],
 *   sweep: { parameter: "children", values: [2, 4] },
 *   rounds: 1,
 *   clients: 2,
 *   connections: 10,
 *   folder,
 * });
 * for (const { value, summary } of sweepPoints(recorded)) {
 *   assertEquals(summary.run.plan.children, value);
 *   const pool = summary.designs.find(({ id }) => id === "prefork-mutex");
 *   assert(pool!.cpu!.median > 0);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example One server, one load
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { load, serve } from "./mod.ts";
 *
 * await using server = await serve("prefork-mutex", { children: 4 });
 * const { connections } = await load({ port: server.port, clients: 2, connections: 5 });
 * const { children } = await server.stop();
 * const served = children.reduce((sum, child) => sum + (child.connections ?? 0), 0);
 * assertEquals([connections, served], [10, 10]);
 * ```
 *
 * @module
 */
export { type Design, designs, findDesign } from "./servers/designs.ts";
export type { ChildReport, Preparation, Report, Shortages } from "./servers/host/account.ts";
export type { LoadReport } from "./clients/protocol.ts";
export type { Environment, Parameter, Plan, Recorded, Run, Trial } from "./bench/record/types.ts";
export {
  FailedError,
  HerdError,
  RecordError,
  UnsupportedError,
  UsageError,
} from "./servers/errors.ts";
export { SystemError } from "./servers/posix/errors.ts";
export {
  bench,
  type BenchOptions,
  load,
  type LoadOptions,
  serve,
  type ServeOptions,
  type Server,
  type SweepOptions,
} from "./bench/api.ts";
export { type SweepPoint, sweepPoints } from "./bench/report/summary/sweep.ts";
export type { DesignSummary, Summary } from "./bench/report/summary/summary.ts";
