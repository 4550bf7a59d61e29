/** bench where it may use a part of the machine only: some processors, or a share of their time. */
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { affinity, getuid } from "../../servers/posix/processes.ts";
import { cgroupParent, TemporaryCgroup } from "../../servers/posix/testing_cgroup.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { RunningProcess } from "../../servers/testing/process.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

const POOL = "prefork-shared-accept";
const SMALL = ["--designs", POOL, "--rounds", "1", "--children", "2", "--clients", "2"];

/** Runs a small bench via another program. */
async function bench(via: readonly string[], ...args: string[]) {
  using folder = new TemporaryFolder();
  const output = `${folder.path}/run`;
  await using running = new RunningTask("bench", [...SMALL, "--output", output, ...args], { via });
  const outcome = await running.ended();
  return { ...outcome, ...readRecord(output) };
}

const [own, other] = affinity();

/** A program that is busy on another processor, until the end of the block. */
const hog = () =>
  new RunningProcess(["taskset", "-c", String(other), "/bin/sh", "-c", "while :; do :; done"]);

Deno.test({
  name: "bench --strict is content beside a busy processor (a long test; ignored without root)",
  ignore: other === undefined || !isLong || getuid() !== 0,
  fn: async () => {
    await using _ = hog();
    // By real-time priority, whatever else runs here stays off its processor (sched(7)).
    const via = ["chrt", "--rr", "1", "taskset", "-c", String(own)];
    const { code, stdout, run } = await bench(via, "--connections", "2000", "--strict");
    const { processors, cpuset, online } = run.environment;
    assertEquals([processors, cpuset, online! > 1], [1, String(own), true]);
    assertEquals([stdout.includes("Other processes"), code], [false, 0], stdout);
  },
});

const quotas = [{ "cpu.cfs_quota_us": "50000" }, { "cpu.max": "50000 100000" }];
const quota = quotas.map((files) => ({ files, parent: cgroupParent(() => true, files) }))
  .find(({ parent }) => parent !== undefined);

Deno.test({
  name: "bench warns of a CPU quota that stopped it, by name (a long test; ignored without cgroup)",
  ignore: quota === undefined || !isLong,
  fn: async () => {
    const { files, parent } = quota!;
    using cgroup = new TemporaryCgroup(parent!, files);
    const { code, stdout, run, trials } = await bench(
      cgroup.via,
      ...["--connections", "2000", "--strict"],
    );
    assertStringIncludes(stdout, "Warning: The CPU quota of 0.5 processors");
    assertEquals([code, run.environment.quota?.processors], [3, 0.5]);
    assertGreater(trials[0]!.machine!.throttledSeconds!, 0);
  },
});
