/** What forked children run, V8 has compiled before: it would do so again in each of them. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoArguments } from "../../bench/agents/agent.ts";
import { startLoad } from "../../bench/agents/load.ts";
import { SERVER_DEFAULTS, SERVER_PROGRAM } from "../../bench/agents/server.ts";
import type { ServiceName } from "../design.ts";
import { isLong } from "../testing/long.ts";
import { OnTerminal } from "../testing/terminal.ts";

for (const service of ["bytes", "http"] as const) {
  const name = `children that are forked for a client find the service ${service} compiled`;
  Deno.test({ name, ignore: service === "bytes" && !isLong, fn: () => isCompiled(service) });
}

async function isCompiled(service: ServiceName): Promise<void> {
  const program = denoArguments(SERVER_PROGRAM).map((argument) =>
    argument.startsWith("--v8-flags=") ? `${argument},--trace-opt` : argument
  );
  // On a terminal, where V8 prints each line at once: what remained in a buffer would be lost with a child.
  await using terminal = new OnTerminal([Deno.execPath(), ...program]);
  const placement = { session: "own", processors: null, owner: Deno.pid };
  const options = { ...SERVER_DEFAULTS, design: "fork-per-client", service, placement };
  terminal.type(`${JSON.stringify(options)}\n`);
  await terminal.until(/"event":"ready".*\r/);
  assertStringIncludes(terminal.text, "completed compiling");
  const port = Number(/"event":"ready".*?"port":(\d+)/.exec(terminal.text)![1]);
  const before = terminal.text.length;
  // Another process, since this one has to read the terminal.
  for (const requests of [1, 10]) {
    await using load = startLoad({ port, service, requests, clients: 1, connections: 5 });
    await load.next("ready");
    await load.send({ request: "go" });
    const { report } = await load.next("report");
    assertEquals([report.requests, report.errors], [5 * requests, {}]);
  }
  terminal.type('{"request":"stop"}\n');
  await terminal.until(/"event":"report".*\r/);
  const since = terminal.text.slice(before).split("\n");
  assertEquals(since.filter((line) => line.includes("completed compiling")), []);
}
