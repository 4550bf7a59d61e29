/** What a server runs while it is measured, V8 has compiled before: it would do so in each forked child again. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoArguments } from "../../bench/agents/program.ts";
import { startLoad } from "../../bench/agents/load.ts";
import { SERVER_DEFAULTS, SERVER_PROGRAM } from "../../bench/agents/server.ts";
import { designs } from "../designs.ts";
import type { ServiceName, ServiceTime } from "../design.ts";
import { NO_SERVICE_TIME } from "../service/request_times.ts";
import { isLong } from "../testing/long.ts";
import { OnTerminal } from "../testing/terminal.ts";

/** What V8 compiles in all processes of a server while it serves, and how often it collects garbage in children. */
async function busyWhileServing(
  design: string,
  service: ServiceName,
  clients: number,
  serviceTime = NO_SERVICE_TIME,
) {
  const program = denoArguments(SERVER_PROGRAM).map((argument) =>
    argument.startsWith("--v8-flags=") ? `${argument},--trace-opt,--trace-gc` : argument
  );
  // On a terminal, where V8 prints each line at once: what remained in a buffer would be lost with a child.
  await using terminal = new OnTerminal([Deno.execPath(), ...program]);
  const placement = { session: "own", processors: null, owner: Deno.pid };
  const options = { ...SERVER_DEFAULTS, design, service, serviceTime, children: 2, placement };
  terminal.type(`${JSON.stringify(options)}\n`);
  await terminal.until(/"event":"ready".*\r/);
  assertStringIncludes(terminal.text, "completed compiling");
  const port = Number(/"event":"ready".*?"port":(\d+)/.exec(terminal.text)![1]);
  const before = terminal.text.length;
  // Another process, since this one has to read the terminal.
  for (const requests of [1, 10]) {
    await using load = startLoad({ port, service, requests, clients: 1, connections: clients });
    await load.next("ready");
    await load.send({ request: "go" });
    const { report } = await load.next("report");
    assertEquals([report.requests, report.errors], [clients * requests, {}]);
  }
  terminal.type('{"request":"stop"}\n');
  await terminal.until(/"event":"report".*\r/);
  const { children } = JSON.parse(/\{"event":"report".*/.exec(terminal.text)![0]).report;
  const isChild = (line: string) =>
    (children as { pid: number | null }[]).some(({ pid }) => line.startsWith(`[${pid}:`));
  const lines = terminal.text.slice(before).split("\n");
  return {
    // The parent may compile something once. What a child compiles, each does: they inherit what it is about to.
    compiled: withoutSingle(lines.filter((line) => line.includes("completed compiling"))),
    collected: lines.filter(isChild),
  };
}

function withoutSingle(lines: readonly string[]): readonly string[] {
  return lines.length > 1 ? lines : [];
}

for (const service of isLong ? ["bytes", "http"] as const : ["bytes"] as const) {
  Deno.test({
    name: `children that are forked for a client find the service ${service} compiled`,
    ignore: service === "bytes" && !isLong,
    fn: async () => {
      assertEquals((await busyWhileServing("fork-per-client", service, 5)).compiled, []);
    },
  });
  Deno.test(`children of a forked pool make no garbage of the service ${service}`, async () => {
    assertEquals((await busyWhileServing("prefork-shared-accept", service, 3000)).collected, []);
  });
}

for (const { id } of designs.filter(({ polls, isRing }) => polls !== undefined || isRing)) {
  for (const service of ["bytes", "http"] as const) {
    Deno.test({
      name: `${id} finds the service ${service} compiled`,
      ignore: !isLong,
      fn: async () => assertEquals((await busyWhileServing(id, service, 3000)).compiled, []),
    });
  }
}

const serviceTime: ServiceTime = {
  work: { nanoseconds: 20_000, distribution: "exponential" },
  wait: { nanoseconds: 50_000, distribution: "exponential" },
  seed: 1,
};

Deno.test({
  name: "forked children find requests compiled that work and wait, and make no garbage of them",
  ignore: !isLong,
  fn: async () => {
    const perClient = await busyWhileServing("fork-per-client", "bytes", 5, serviceTime);
    assertEquals(perClient.compiled, []);
    const pool = await busyWhileServing("prefork-shared-accept", "bytes", 3000, serviceTime);
    assertEquals(pool.collected, []);
  },
});
