import { assertEquals, assertGreater } from "@std/assert";
import { TemporaryFolder } from "../testing/folder.ts";
import { forkReady, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { usage } from "./clocks.ts";
import { namesIn } from "./files.ts";
import { fork } from "./fork.ts";
import {
  Cgroup,
  freeThreads,
  hierarchies,
  newCgroupName,
  ownCgroups,
  removeLeftoverCgroup,
} from "./cgroup.ts";
import { kill, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";

const total = ({ user, system }: { user: number; system: number }) => user + system;

/** Uses so many CPU seconds from now on. */
function work(seconds: number): void {
  const end = total(usage()) + seconds;
  while (total(usage()) < end);
}

const kinds = hierarchies().filter((hierarchy) => {
  const cgroup = Cgroup.create(newCgroupName(), [hierarchy]);
  cgroup?.remove();
  return cgroup !== undefined;
});

Deno.test({
  name: "Cgroup.create() creates a cgroup (ignored without permission)",
  ignore: kinds.length === 0,
  fn: () => assertGreater(kinds.length, 0),
});

/** A new cgroup whose process was killed. */
function leaveCgroup(name: string, kind: typeof kinds[number]): void {
  const pid = forkReady((ready) => {
    Cgroup.create(name, [kind])!.enter();
    ready();
    waitToBeKilled();
  });
  kill(pid, Signal.KILL);
  waitFor(pid);
}

for (const kind of kinds) {
  Deno.test(`${kind.source}: a cgroup counts processes that enter it, and their children`, () => {
    const cgroup = Cgroup.create(newCgroupName(), [kind])!;
    assertEquals(cgroup.source, kind.source);
    const pid = forkReady((ready) => {
      cgroup.enter();
      const child = forkReady((ready) => {
        work(0.1);
        ready();
      });
      waitFor(child);
      work(0.1);
      ready();
    });
    waitForExit(pid, 5000);
    const counted = cgroup.cpuSeconds;
    const { usage } = waitFor(pid); // including its child
    cgroup.remove();
    assertGreater(counted, 0.19);
    // CPU time from before they entered is not counted.
    assertGreater(total(usage), counted - 0.01);
  });

  Deno.test(`${kind.source}: a process that leaves a cgroup is not counted any more`, () => {
    const cgroup = Cgroup.create(newCgroupName(), [kind])!;
    const pid = forkReady((ready) => {
      cgroup.enter();
      cgroup.leave();
      work(0.2);
      ready();
    });
    waitForExit(pid, 5000);
    assertGreater(0.15, cgroup.cpuSeconds);
    waitFor(pid);
    cgroup.remove();
  });

  const isThere = (name: string) => namesIn(kind.folder).includes(name);

  Deno.test(`${kind.source}: removeLeftoverCgroup() removes it after its processes have exited`, () => {
    const name = newCgroupName();
    leaveCgroup(name, kind);
    assertEquals(isThere(name), true);
    removeLeftoverCgroup(name);
    assertEquals(isThere(name), false);
  });

  Deno.test(`${kind.source}: a new cgroup replaces those that no process owns`, () => {
    const [left, owned] = [newCgroupName(), newCgroupName()];
    const living = Cgroup.create(owned, [kind])!; // no process has entered it
    leaveCgroup(left, kind);
    Cgroup.create(newCgroupName(), [kind])!.remove();
    assertEquals([left, owned].map(isThere), [false, true]);
    living.remove();
  });
}

Deno.test({
  name:
    "several processes that create cgroups leave each other's alone (ignored without permission)",
  ignore: kinds.length === 0,
  fn: () => {
    const names = Array.from({ length: 3 }, () => Array.from({ length: 100 }, newCgroupName));
    const children = names.map((names) =>
      fork(() => {
        for (const name of names) {
          const cgroup = Cgroup.create(name, kinds)!;
          assertEquals(cgroup.cpuSeconds, 0);
          cgroup.remove();
        }
      })
    );
    assertEquals(children.map((pid) => waitFor(pid).code), [0, 0, 0]);
  },
});

Deno.test("Cgroup.create() makes none where there is no hierarchy", () => {
  const hierarchy = { source: "cgroup v2", folder: "/nowhere", cpuSeconds: () => 0 } as const;
  assertEquals(Cgroup.create(newCgroupName(), [hierarchy]), undefined);
});

/** A line of mountinfo: a cgroup file system of that type, mounted there with this root. */
const mounted = (root: string, place: string, type: string, options: string) =>
  `31 30 0:28 ${root} ${place} rw,relatime shared:9 - ${type} ${type} ${options}`;

Deno.test("ownCgroups() finds the folders of a cgroup and of those above it", () => {
  const mountinfo = [
    mounted("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
    mounted("/", "/sys/fs/cgroup/unified", "cgroup2", "rw,nsdelegate"),
  ].join("\n");
  assertEquals(ownCgroups("4:cpu,cpuacct:/\n7:freezer:/x\n0::/user/me\n", mountinfo), [
    { version: 1, controllers: ["cpu", "cpuacct"], folders: ["/sys/fs/cgroup/cpu,cpuacct"] },
    {
      version: 2,
      controllers: [],
      folders: [
        "/sys/fs/cgroup/unified/user/me",
        "/sys/fs/cgroup/unified/user",
        "/sys/fs/cgroup/unified",
      ],
    },
  ]);
});

Deno.test("ownCgroups() of a container begins at what the container sees", () => {
  const folders = (path: string, root: string) =>
    ownCgroups(`3:cpu:${path}`, mounted(root, "/cg", "cgroup", "rw,cpu"))[0]!.folders;
  // Docker under version 1 mounts the container's own cgroup; a namespace may show it as the root.
  assertEquals(folders("/docker/1f", "/docker/1f"), ["/cg"]);
  assertEquals(folders("/docker/1f/inner", "/docker/1f"), ["/cg/inner", "/cg"]);
  assertEquals(folders("/", "/"), ["/cg"]);
  assertEquals(folders("/../other", "/"), ["/cg"]);
  assertEquals(folders("/", "/.."), ["/cg"]);
});

Deno.test("freeThreads() is what the nearest limit leaves; infinite without a limit", () => {
  using folder = new TemporaryFolder();
  const cgroup = (name: string, max: string, current: number) => {
    const path = `${folder.path}/${name}`;
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/pids.max`, `${max}\n`);
    Deno.writeTextFileSync(`${path}/pids.current`, `${current}\n`);
    return path;
  };
  const [inner, outer] = [cgroup("inner", "max", 5), cgroup("outer", "20", 13)];
  const limits = [inner, outer, cgroup("top", "100", 50), `${folder.path}/root`];
  assertEquals(freeThreads(limits), 7);
  assertEquals([freeThreads([inner]), freeThreads([])], [Infinity, Infinity]);
});
