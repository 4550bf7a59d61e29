/** Which worker of an external server got a connection. */
import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../servers/errors.ts";
import { watchRefusal } from "../../servers/posix/perf_events.ts";
import { isLong } from "../../servers/testing/long.ts";
import { externalOf } from "../plan/externals.ts";
import { makePlan } from "../plan/plan.ts";
import type { Workers } from "../record/record.ts";
import { lookUpWorkers, requireWays } from "./owners.ts";
import { runTrial } from "./trial.ts";

const NEVER = new AbortController().signal;
const place = { folder: "/", service: "http", readText: Deno.readTextFileSync } as const;

Deno.test("requireWays() refuses a way that this machine does not allow", () => {
  requireWays({ workersBy: ["header", "sockets"] });
  const trace = () => requireWays({ workersBy: ["trace"] });
  if (watchRefusal() === undefined) trace();
  else assertThrows(trace, UnsupportedError, "write --workers-by sockets");
});

/** Node's cluster, whose replies name their process; `policy` says whether its primary accepts, or its workers. */
const cluster = (policy: "none" | "rr") => ({
  command: ["node", "{dir}/server.js"],
  environment: { NODE_CLUSTER_SCHED_POLICY: policy },
  files: {
    "server.js": `const cluster = require("node:cluster");
    if (cluster.isPrimary) { for (let i = 0; i < {workers}; i++) cluster.fork(); }
    else require("node:http").createServer((q, r) => {
      r.writeHead(200, { "Content-Length": {bytes}, "X-Worker": process.pid });
      r.end("A".repeat({bytes}));
    }).listen({port}, "127.0.0.1")`,
  },
});

/** Connections by process. */
const byProcess = (workers: Workers) =>
  new Map(workers.workers.map(({ pid, connections }) => [pid, connections]));

for (const policy of ["none", "rr"] as const) {
  Deno.test({
    name:
      `lookUpWorkers() and runTrial(): all ways agree on a cluster of Node with policy ${policy}`,
    ignore: !isLong,
    fn: async () => {
      const externals = [externalOf({ name: "mine", ...cluster(policy) }, place)];
      const load = { clients: 4, connections: 25, bytes: 300, service: "http" } as const;
      const plan = makePlan({
        ...load,
        ...{ designs: [], externals, rounds: 1, seed: 1, children: 3 },
        workersBy: ["trace", "header", "sockets"],
        workerHeader: "X-Worker",
      });
      const planned = plan.trials.find(({ design }) => design === "mine")!;
      const trial = await runTrial(planned, plan, NEVER);
      assertEquals([trial.status, trial.reason], ["ok", null]);
      const ways = trial.workers!;
      const hasTrace = watchRefusal() === undefined;
      assertEquals(ways.map(({ by }) => by), hasTrace ? ["trace", "header"] : ["header"]);
      for (const way of ways) {
        assertEquals(byProcess(way), byProcess(ways[0]!));
        assertEquals(byProcess(way).size, 3);
      }
      const notes: string[] = [];
      const [found] = await lookUpWorkers(plan, [trial], (text) => notes.push(text), NEVER);
      assertEquals(notes, ["looking up which process of mine serves each connection"]);
      assertEquals([found?.by, found?.connections, found?.workers.length], ["sockets", 100, 3]);
    },
  });
}
