/** What the kernel drops, in a network namespace whose backlogs are short. */
import { assertEquals, assertGreaterOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { namespaced } from "../../servers/testing/network.ts";
import { commandLineOf, RunningTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

const short = namespaced(
  ["--net"],
  "echo 8 > /proc/sys/net/core/somaxconn && ip link set lo up",
);

Deno.test({
  name: "bench says which trial lost connections to a full backlog, and what mends it " +
    "(ignored without root)",
  ignore: !isLong || short === undefined,
  async fn() {
    using folder = new TemporaryFolder();
    const run = `${folder.path}/run`;
    // Each client of the burst at the start wants one of nine places, and each child takes one at a time.
    const load = ["--clients", "60", "--connections", "20", "--rounds", "1", "--output", run];
    const args = ["--designs", "prefork-shared-accept", "--request-limit", "60", ...load];
    await using bench = new RunningTask("bench", args, { via: short! });
    const { code, stdout, stderr } = await bench.ended();
    assertEquals(code, 0, stderr);
    const { trials, run: { environment } } = readRecord(run);
    assertEquals(environment.backlogLimit, 8);
    const dropping = trials.find(({ design }) => design === "prefork-shared-accept")!;
    const { listenOverflows, listenDrops, retransmittedSegments } = dropping.kernel;
    assertGreaterOrEqual(listenOverflows!, 1);
    assertGreaterOrEqual(listenDrops!, listenOverflows!);
    assertGreaterOrEqual(retransmittedSegments!, 1);
    const alone = trials.find(({ design }) => design === "iterative")!;
    assertEquals(alone.kernel.listenOverflows, 0);
    const text = stdout.replace(/\s+/g, " ");
    const words = `${listenOverflows} connections were dropped at a full backlog ` +
      "(net.core.somaxconn is 8): prefork-shared-accept in round 1";
    assertStringIncludes(text, words);
    assertStringIncludes(text, "Run: sudo sysctl net.core.somaxconn=4096");
  },
});

Deno.test({
  name: "load says how many connections were lost to a full backlog (ignored without root)",
  ignore: !isLong || short === undefined,
  async fn() {
    const serve = commandLineOf("serve", ["iterative", "--port", "8888"]).join(" ");
    const served =
      `${serve} >/dev/null & until ss -ltn | grep -q :8888; do sleep 0.1; done; "$@"; kill $!`;
    const via = [...short!, "sh", "-c", served, "sh"];
    await using load = new RunningTask(
      "load",
      ["--port", "8888", "--clients", "60", "--connections", "20"],
      { via },
    );
    const { stdout, stderr } = await load.ended();
    assertMatch(stdout, /^dropped {6}[1-9]\d* connections .*net\.core\.somaxconn is 8\)/m, stderr);
  },
});
