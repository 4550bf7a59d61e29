/** bench where io_uring is forbidden. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

Deno.test({
  name: "bench says of designs that need io_uring that it is forbidden, and goes on (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const preload = import.meta.resolve("../../servers/posix/testing_no_io_uring.ts");
    const script = 'preload=$1 deno=$2; shift 3; exec "$deno" run "--preload=$preload" "$@"';
    const output = `${folder.path}/run`;
    const small = ["--rounds", "2", "--children", "2", "--clients", "2", "--connections", "50"];
    await using bench = new RunningTask(
      "bench",
      ["--designs", "*-io-uring,io-uring", ...small, "--output", output],
      { via: ["/bin/sh", "-c", script, "sh", preload] },
    );
    const { code, stdout } = await bench.ended();
    const { trials } = readRecord(output);
    const found = trials.map(({ design, status }) => `${design} ${status}`).toSorted();
    assertEquals([code, found], [
      3,
      [
        ...["io-uring failed", "io-uring failed", "iterative ok", "iterative ok"],
        ...["prefork-io-uring failed", "prefork-io-uring failed"],
      ],
    ]);
    assertStringIncludes(stdout, "io_uring_setup failed with EPERM");
  },
});
