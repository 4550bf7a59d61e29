/** The second account of a server's CPU time, where no process may enter a cgroup of its own. */
import { assertEquals } from "@std/assert";
import { newCgroupName, ownCgroups } from "../posix/cgroup.ts";
import { namesIn } from "../posix/files.ts";
import { cgroupParent, TemporaryCgroup } from "../posix/testing_cgroup.ts";
import { startServer } from "../testing/server.ts";

const parent = cgroupParent(({ version }) => version === 2);
const first = ownCgroups().find(({ controllers }) => controllers.join() === "cpuacct");
// The hierarchy of version 1, which Herd would use first, is hidden from the server.
const withoutVersion1 = first === undefined ? [] : [
  "unshare",
  "--mount",
  "/bin/sh",
  "-c",
  `umount ${first.folders.at(-1)} && exec "$@"`,
  "sh",
];

for (const design of ["prefork-shared-accept", "prethread-shared-accept"]) {
  Deno.test({
    name: `${design} has another account in a "domain threaded" cgroup (ignored without cgroup v2)`,
    ignore: parent === undefined,
    fn: async () => {
      using cgroup = new TemporaryCgroup(parent!);
      cgroup.add("threaded", { "cgroup.type": "threaded" });
      await using server = await startServer(design, {
        cgroup: newCgroupName(),
        via: [...withoutVersion1, ...cgroup.via],
      });
      const { report, code } = await server.stop();
      assertEquals([report?.otherAccount.source, code], ["schedstat", 0]);
      assertEquals(namesIn(cgroup.folder).filter((name) => name.startsWith("herd-")), []);
    },
  });
}

Deno.test({
  name: "a server is accounted for in a cgroup of version 2 (ignored without cgroup v2)",
  ignore: parent === undefined,
  fn: async () => {
    using cgroup = new TemporaryCgroup(parent!);
    await using server = await startServer("prefork-shared-accept", {
      cgroup: newCgroupName(),
      via: [...withoutVersion1, ...cgroup.via],
    });
    assertEquals((await server.stop()).report?.otherAccount.source, "cgroup v2");
  },
});
