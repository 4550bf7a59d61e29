/** The memory of a server under load. */
import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { startLoad } from "../../bench/agents/load.ts";
import { tryReadText } from "../posix/files.ts";
import { isLong } from "../testing/long.ts";
import { eventually, pause } from "../testing/process.ts";
import { type RunningServer, startServer } from "../testing/server.ts";
import { MemorySampler, type Sampled } from "./memory.ts";

const SERVING = { connections: () => ({ opened: 9, isOpen: true }) };

/** A server whose memory is one of these figures after the other. */
function sampledOf(figures: (number | null)[], more: Partial<Sampled> = {}): Sampled {
  return { read: () => figures.shift() ?? null, ...SERVING, perClient: false, ...more };
}

Deno.test("a MemorySampler has the peak and the mean of what it read while clients were served", async () => {
  const figures = [900, 10, null, 30];
  const sampler = new MemorySampler(sampledOf(figures));
  await eventually("four samples", () => figures.length === 0 || undefined);
  assertEquals(sampler.end(), { peakBytes: 30, meanBytes: 20, samples: 2 });
});

Deno.test("a MemorySampler waits for a client", async () => {
  let opened = 0;
  const connections = () => ({ opened: ++opened, isOpen: opened === 4 });
  const figures = [900, 10];
  const sampler = new MemorySampler(sampledOf(figures, { connections, perClient: true }));
  await eventually("a client", () => figures.length === 0 || undefined);
  assertEquals(sampler.end(), { peakBytes: 10, meanBytes: 10, samples: 1 });
});

Deno.test("without a client, a MemorySampler has the memory it began with, but not that of children per client", () => {
  const [pool, perClient] = [false, true].map((perClient) =>
    new MemorySampler(sampledOf([900, 10], { perClient })).end()
  );
  assertEquals(pool, { peakBytes: 900, meanBytes: 900, samples: 0 });
  assertEquals(perClient, null);
});

Deno.test("subprocess-per-client reports the memory of children that have ended", async () => {
  await using server = await startServer("subprocess-per-client");
  await using load = startLoad({ port: server.port, clients: 3, connections: 2 });
  await load.next("ready");
  await server.mark();
  await load.send({ request: "go" });
  await load.next("finished");
  const { memory, pssBytes } = (await server.stop()).report!;
  assertGreater(memory!.peakBytes, pssBytes!);
});

/** The PSS of a server's processes without its host, by the list of all processes. */
function memoryOf(server: RunningServer): number {
  const pids = server.processes().map(({ pid }) => pid).filter((pid) => pid !== server.pid);
  return pids.reduce((sum, pid) => {
    const text = tryReadText(`/proc/${pid}/smaps_rollup`) ?? "";
    return sum + 1024 * Number(/\nPss: +(\d+)/.exec(text)?.[1] ?? 0);
  }, 0);
}

Deno.test({
  name: "subprocess-per-client reports the memory that another sampling finds, within 10 %",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("subprocess-per-client");
    await using load = startLoad({ port: server.port, clients: 10, connections: 60 });
    await load.next("ready");
    await server.mark();
    await load.send({ request: "go" });
    let isOver = false;
    const finished = load.next("finished").then(() => isOver = true);
    const samples: number[] = [];
    for (; !isOver; await pause(400)) samples.push(memoryOf(server));
    await finished;
    const { memory } = (await server.stop()).report!;
    const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
    const peak = Math.max(...samples);
    assertAlmostEquals(memory!.meanBytes, mean, mean / 10);
    assertAlmostEquals(memory!.peakBytes, peak, peak / 10);
  },
});
