/** bench where Deno cannot fork. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

Deno.test({
  name: "bench still runs designs made of Workers where fork does not work (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const preload = import.meta.resolve("../../servers/posix/testing_no_fork.ts");
    const script = 'preload=$1 deno=$2; shift 3; exec "$deno" run "--preload=$preload" "$@"';
    const output = `${folder.path}/run`;
    const small = ["--rounds", "1", "--children", "2", "--clients", "2", "--connections", "50"];
    await using bench = new RunningTask(
      "bench",
      ["--designs", "prethread-shared-accept", ...small, "--output", output],
      { via: ["/bin/sh", "-c", script, "sh", preload] },
    );
    const { code, stdout } = await bench.ended();
    const { run, trials } = readRecord(output);
    const of = (id: string) => trials.find(({ design }) => design === id)!;
    const reason = "madvise(MADV_DOFORK) failed with EPERM";
    // The baseline is forked.
    assertEquals([code, of("iterative").status], [3, "failed"]);
    assertStringIncludes(of("iterative").reason!, reason);
    assertStringIncludes(run.environment.fork.reason!, reason);
    const { status, client } = of("prethread-shared-accept");
    assertEquals([status, client?.making, client?.connections], ["ok", "worker", 100]);
    assertStringIncludes(stdout, "Warning: The clients were threads");
  },
});
