/**
 * Herd as a library: the server designs of Stevens' *Unix Network Programming*, chapter 30, to run,
 * load and measure.
 *
 * Servers and loads run as subprocesses of their own and end with the process that started them. Times
 * and CPU are in seconds, sizes in bytes. A program that uses it needs `--allow-ffi --allow-run`, and
 * read and write permission where runs are recorded.
 *
 * @example What does it cost to fork a process for each client?
 * ```ts
 * import { bench } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir({ dir: "/tmp" });
 * const { trials } = await bench({
 *   designs: ["fork-per-client", "prefork-shared-accept"],
 *   rounds: 1,
 *   connections: 10,
 *   folder,
 * });
 * const cpu = (id: string) => trials.find(({ design }) => design === id)!.cpu!.total;
 * console.assert(cpu("fork-per-client") > cpu("prefork-shared-accept"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example What do children cost that have nothing to do?
 * ```ts
 * import { bench, sweepPoints } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir({ dir: "/tmp" });
 * const recorded = await bench({
 *   designs: ["prefork-mutex"],
 *   sweep: { parameter: "children", values: [2, 4] },
 *   rounds: 1,
 *   connections: 10,
 *   folder,
 * });
 * for (const { value, summary } of sweepPoints(recorded)) {
 *   const pool = summary.designs.find(({ id }) => id === "prefork-mutex")!;
 *   console.assert(summary.run.plan.children === value && pool.cpu!.median > 0);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @example One server, one load
 * ```ts
 * import { load, serve } from "./mod.ts";
 *
 * await using server = await serve("prefork-mutex", { children: 4 });
 * const { connections } = await load({ port: server.port, clients: 2, connections: 5 });
 * const { children } = await server.stop();
 * const served = children.reduce((sum, child) => sum + child.connections, 0);
 * console.assert(connections === 10 && served === 10);
 * ```
 *
 * @module
 */
export { type Design, designs, findDesign } from "./servers/designs.ts";
export type { ChildReport, Report } from "./servers/host/account.ts";
export type { LoadReport } from "./clients/protocol.ts";
export type { Environment, Parameter, Plan, Recorded, Run, Trial } from "./bench/record/record.ts";
export {
  bench,
  type BenchOptions,
  load,
  type LoadOptions,
  serve,
  type Server,
  type SweepOptions,
} from "./bench/api.ts";
export { type SweepPoint, sweepPoints } from "./bench/report/summary/sweep.ts";
export type { DesignSummary, Summary } from "./bench/report/summary/summary.ts";
