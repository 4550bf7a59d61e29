/** The load where fork does not work. */
import { assertEquals, assertGreater } from "@std/assert";
import { denoArguments } from "../bench/agents/program.ts";
import { LOAD_DEFAULTS, LOAD_PROGRAM } from "../bench/agents/load.ts";
import { isLong } from "../servers/testing/long.ts";
import { RunningProcess } from "../servers/testing/process.ts";
import { startServer, sumOf } from "../servers/testing/server.ts";
import type { LoadEvent, LoadOptions } from "./protocol.ts";

const NO_FORK = import.meta.resolve("../servers/posix/testing_no_fork.ts");

/** A load program that cannot fork, whose clients are ready. */
async function startClients(
  port: number,
  options: Partial<LoadOptions>,
): Promise<RunningProcess> {
  await using starting = new AsyncDisposableStack();
  const [run, ...args] = denoArguments(LOAD_PROGRAM);
  const program = [Deno.execPath(), run!, `--preload=${NO_FORK}`, ...args];
  const load = starting.use(new RunningProcess(program));
  const placement = { session: "same", processors: null, owner: Deno.pid };
  await load.write(JSON.stringify({ ...LOAD_DEFAULTS, ...options, placement }));
  await load.write(JSON.stringify({ request: "connect", host: "127.0.0.1", port, path: null }));
  assertEquals(await load.nextLine(), '{"event":"ready"}');
  assertEquals(load.processes().length, 1);
  starting.move();
  return load;
}

Deno.test("the clients of a load are threads where fork does not work", async () => {
  await using server = await startServer("prethread-shared-accept");
  const options = { clients: 2, connections: 30, warmUpConnections: 3 };
  await using load = await startClients(server.port, options);
  await load.write('{"request":"go"}');
  const { code, stdout } = await load.ended();
  const [finished, last] = stdout.trim().split("\n").map((line): LoadEvent => JSON.parse(line));
  const { report } = last as Extract<LoadEvent, { event: "report" }>;
  assertEquals([code, finished?.event], [0, "finished"]);
  assertEquals([report.making, report.connections, report.errors], ["worker", 60, {}]);
  assertGreater(report.cpu.total, 0);
  // Of the connections, without the warm-up of each thread.
  assertGreater(0.5, report.cpu.total);
  assertEquals(sumOf((await server.stop()).report, "connections"), 66);
});

Deno.test({
  name: "the end of its input ends a load of threads (a long test)",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("prethread-shared-accept");
    const options = { clients: 2, connections: 1000, thinkMilliseconds: 1000 };
    await using load = await startClients(server.port, options);
    await load.write('{"request":"go"}');
    await load.endInput();
    const { code, stdout } = await load.ended();
    assertEquals([code, stdout], [0, ""]);
  },
});
