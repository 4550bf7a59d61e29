/** A child that the kernel kills for lack of memory is replaced like any other that dies. */
import { assertEquals } from "@std/assert";
import { childrenOf, writeText } from "../posix/files.ts";
import { cgroupParent, TemporaryCgroup } from "../posix/testing_cgroup.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { ask, Connection } from "../testing/client.ts";
import { startServer, sumOf } from "../testing/server.ts";

/** The files that limit memory, of both versions of cgroups. */
const versions = ["memory.limit_in_bytes", "memory.max"].flatMap((file) => {
  const parent = cgroupParent(() => true, { [file]: "32768" });
  return parent === undefined ? [] : [{ file, parent }];
});
const [limit] = versions;

Deno.test({
  name: "a child that is OOM-killed is replaced, and loses its own client alone " +
    "(ignored where no cgroup can limit memory)",
  ignore: limit === undefined,
  async fn() {
    await using server = await startServer("prefork-shared-accept", { children: 1 });
    const [parent] = childrenOf(server.pid);
    const [victim] = childrenOf(parent!);
    {
      using cgroup = new TemporaryCgroup(limit!.parent, { [limit!.file]: "32768" });
      writeText(`${cgroup.folder}/cgroup.procs`, String(victim));
      // Clients that go away in mid-reply, each an error in the child: it soon needs memory that it may not have.
      for (let i = 0; i < 100; i++) {
        using client = new Connection(server.port);
        client.send(`${REQUEST_LIMIT}\n`);
        client.receive(1000);
      }
      assertEquals(await server.next(), {
        event: "lost",
        index: 0,
        pid: victim!,
        reason: "signal 9",
      });
    }
    assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { report, code } = await server.stop();
    assertEquals([sumOf(report, "lost"), sumOf(report, "connections"), code], [1, 101, 0]);
  },
});
