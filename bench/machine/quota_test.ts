import { assertEquals, assertGreater } from "@std/assert";
import { cgroupParent, TemporaryCgroup } from "../../servers/posix/testing_cgroup.ts";
import { evaluate } from "../../servers/testing/fork.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { readQuota, throttledSeconds } from "./quota.ts";

/** A folder with files like those of a cgroup, and one of a cgroup in it. */
function cgroupFiles(folder: string, own: Record<string, string>, above: Record<string, string>) {
  const inner = `${folder}/inner`;
  Deno.mkdirSync(inner);
  for (const [name, text] of Object.entries(own)) Deno.writeTextFileSync(`${inner}/${name}`, text);
  for (const [name, text] of Object.entries(above)) {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
  }
  return [inner, folder] as const;
}

Deno.test("readQuota() and throttledSeconds() read cgroup v2, and the cgroups above", () => {
  using folder = new TemporaryFolder();
  const folders = cgroupFiles(folder.path, {
    "cpu.max": "150000 100000\n",
    "cpu.stat": "usage_usec 7\nnr_throttled 1\nthrottled_usec 250000\n",
  }, {
    "cpu.max": "50000 100000\n",
    "cpu.stat": "usage_usec 9\nnr_throttled 4\nthrottled_usec 1500000\n",
  });
  const cgroups = [{ version: 2, controllers: [], folders }] as const;
  assertEquals(readQuota(cgroups), { processors: 0.5, file: `${folder.path}/cpu.max` });
  assertEquals(throttledSeconds(cgroups), 1.75);
});

Deno.test("readQuota() and throttledSeconds() read cgroup v1", () => {
  using folder = new TemporaryFolder();
  const period = { "cpu.cfs_period_us": "50000\n" };
  const folders = cgroupFiles(folder.path, {
    ...period,
    "cpu.cfs_quota_us": "16667\n",
    "cpu.stat": "nr_periods 9\nnr_throttled 1\nthrottled_time 2000000000\n",
  }, { ...period, "cpu.cfs_quota_us": "-1\n", "cpu.stat": "throttled_time 5\n" });
  const cgroups = [{ version: 1, controllers: ["cpu", "cpuacct"], folders }] as const;
  const file = `${folders[0]}/cpu.cfs_quota_us`;
  assertEquals(readQuota(cgroups), { processors: 0.333, file });
  assertEquals(throttledSeconds(cgroups), 2);
  // A hierarchy of another controller.
  assertEquals(readQuota([{ version: 1, controllers: ["memory"], folders }]), null);
});

Deno.test("readQuota() and throttledSeconds() are null without a quota", () => {
  using folder = new TemporaryFolder();
  const folders = cgroupFiles(folder.path, { "cpu.max": "max 100000\n" }, {});
  const cgroups = [{ version: 2, controllers: [], folders }] as const;
  assertEquals([readQuota(cgroups), throttledSeconds(cgroups)], [null, null]);
});

/** Half a processor, in either version. */
const VERSIONS = [
  [1, { "cpu.cfs_quota_us": "50000" }],
  [2, { "cpu.max": "50000 100000" }],
] as const;

for (const [version, quota] of VERSIONS) {
  const parent = cgroupParent((cgroup) => cgroup.version === version, quota);
  Deno.test({
    name: `A real quota of cgroup v${version} is found and counted (ignored where none can be set)`,
    ignore: parent === undefined,
    fn: async () => {
      using cgroup = new TemporaryCgroup(parent!, quota);
      const { stdout, stderr } = await evaluate(
        `
        import { readQuota, throttledSeconds } from "../bench/machine/quota.ts";
        // On a busy machine it may take a while to use up a quota.
        for (const end = performance.now() + 20_000; performance.now() < end;) {
          if (throttledSeconds() > 0) break;
        }
        console.log(JSON.stringify([readQuota(), throttledSeconds()]));
      `,
        cgroup.via,
      );
      assertEquals(stderr, "");
      const [found, seconds] = JSON.parse(stdout);
      assertEquals(found, { processors: 0.5, file: `${cgroup.folder}/${Object.keys(quota)[0]}` });
      assertGreater(seconds, 0);
    },
  });
}
