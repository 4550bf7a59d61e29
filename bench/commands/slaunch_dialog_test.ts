/** slaunch under a real load: nobody is lost but those who are with a server that is killed. */
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { childrenOf } from "../../servers/posix/files.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { isLong } from "../../servers/testing/long.ts";
import { startServer } from "../../servers/testing/server.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import type { LoadReport } from "../../clients/protocol.ts";

const CLIENTS = 10;
const [CONNECTIONS, KILLS] = isLong ? [1000, 3] : [300, 1];

/** The load takes several times as long for each kill. */
const PAUSE_MS = 100;

Deno.test({
  name: "serve slaunch under load loses only who is with an sserver that is killed (a long test)",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("slaunch");
    const launcher = childrenOf(server.ready.pid)[0]!;
    const args = ["--clients", String(CLIENTS), "--connections", String(CONNECTIONS), "--json"];
    await using load = new RunningTask("load", ["--port", String(server.port), ...args]);
    let deaths = 0;
    const report = load.nextLine();
    const isOver = report.then(() => true);
    while (deaths < KILLS) {
      const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), PAUSE_MS));
      if (await Promise.race([isOver, pause])) break;
      const sservers = childrenOf(launcher);
      kill(sservers[deaths % sservers.length]!, Signal.KILL);
      assertEquals((await server.next())?.event, "lost");
      deaths++;
    }
    assertGreater(deaths, 0);
    const { connections, errors }: LoadReport = JSON.parse((await report)!);
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
    assertEquals(connections + failed, CLIENTS * CONNECTIONS);
    // At most all clients are with the one that is killed.
    assertLessOrEqual(failed, deaths * CLIENTS);
    const { report: account } = await server.stop();
    const sum = (figure: "connections" | "given" | "lost") =>
      account!.children.reduce((total, child) => total + child[figure]!, 0);
    assertEquals(sum("lost"), deaths);
    assertEquals(sum("given"), CLIENTS * CONNECTIONS);
    // One that was killed between taking a connection and counting it has not counted it.
    assertLessOrEqual(sum("given") - sum("connections"), deaths);
    assertLessOrEqual(connections, sum("connections"));
  },
});
