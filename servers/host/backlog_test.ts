/** A server where a backlog has room for one client (net.core.somaxconn). */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoArguments } from "../../bench/agents/program.ts";
import { SERVER_DEFAULTS, SERVER_PROGRAM } from "../../bench/agents/server.ts";
import { isLong } from "../testing/long.ts";
import { RunningProcess, succeeds } from "../testing/process.ts";

/** In a network namespace of its own, whose backlogs are short. */
const SHORT = [
  "unshare",
  "-n",
  "sh",
  "-c",
  'echo 1 >/proc/sys/net/core/somaxconn && ip link set lo up && exec "$@"',
  "sh",
];

const mayMakeNetworks = await succeeds(SHORT[0]!, ...SHORT.slice(1), "true");
if (!mayMakeNetworks) console.log("Skipping: unshare or ip may not make a network namespace here");

for (const design of ["prefork-fd-passing", ...(isLong ? ["prethread-main-accept"] : [])]) {
  Deno.test({
    name: `${design} starts where a backlog has room for one client`,
    ignore: !mayMakeNetworks,
    fn: async () => {
      const program = [Deno.execPath(), ...denoArguments(SERVER_PROGRAM)];
      await using running = new RunningProcess([...SHORT, ...program]);
      const placement = { session: "same", processors: null, owner: Deno.pid };
      await running.write(JSON.stringify({ ...SERVER_DEFAULTS, design, children: 2, placement }));
      assertStringIncludes((await running.nextLine())!, '"ready"');
      await running.endInput();
      assertEquals((await running.ended()).code, 0);
    },
  });
}
