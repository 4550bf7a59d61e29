/** Two nodes, connected by ssh: network namespaces with an sshd in the second. */
import { assertEquals, assertMatch } from "@std/assert";
import { kill } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { startProgram } from "../../testing/fork.ts";
import { pause, type RunningProcess } from "../../testing/process.ts";
import { isLong } from "../../testing/long.ts";
import { RunningTask } from "../../testing/task.ts";
import { uniqueName } from "./testing.ts";
import { Host, Sshd, whyNoHosts } from "./testing_nodes.ts";
import { ServingTask, startGateway } from "./testing_tasks.ts";

const reason = isLong ? await whyNoHosts() : "only long tests need two nodes";
if (isLong && reason !== undefined) console.warn(`Skipping the test of two nodes: ${reason}`);

/** Runs an example of channels on a host to its end. */
async function call(
  { via }: Host,
  task: "channel-mymgr" | "channel-myname",
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using running = new RunningTask(task, ["call", "hello", ...args], { via });
  return await running.ended();
}

/** Two hosts, a gateway on the first that leads to the second, and a resource manager there. */
async function twoNodes(stack: AsyncDisposableStack) {
  const [here, there] = await Host.pair();
  stack.use(here);
  stack.use(there);
  const sshd = stack.use(await Sshd.start(there));
  const host = `root@${there.address}`;
  const path = `/dev/${uniqueName()}`;
  const starting = [
    startGateway([`nodenme=${host}`], { ssh: sshd.ssh("known"), via: here.via }),
    ServingTask.start("channel-mymgr", ["serve", "--path", path], there),
  ] as const;
  const [gateway, manager] = await Promise.all(starting);
  stack.use(gateway);
  stack.use(manager);
  return { here, there, sshd, host, path, gateway };
}

Deno.test({
  name: "The client: fd = open(“/net/nodenme/dev/mymgr”, ..); over ssh (a long test)",
  ignore: !isLong || reason !== undefined,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const { here, there, sshd, host, path } = await twoNodes(stack);
    assertEquals(await call(here, "channel-mymgr", "--path", path, "--node", "nodenme"), {
      code: 0,
      stdout: 'wrote 5 bytes, read "hello", and msgSend() says 5\n',
      stderr: "",
    });
    const name = uniqueName();
    await using loop = await ServingTask.start("channel-myname", ["serve", "--name", name], there);
    void loop;
    const farName = `/net/nodenme/dev/name/local/${name}`;
    assertEquals((await call(here, "channel-myname", "--name", farName)).stdout, "reply: HELLO\n");

    // Nothing of ours listens on a port.
    assertEquals(await here.run("ss", "-Hltun"), "");
    assertMatch(await there.run("ss", "-Hltun"), /^tcp +LISTEN \S+ +\S+ +10\.77\.0\.2:2222 .*\n$/);

    // Without a key there is sshd's refusal and nothing else.
    const ssh = sshd.ssh("unknown");
    await using stranger = await startGateway([`refused=${host}`], { ssh, via: here.via });
    const refused = await call(here, "channel-mymgr", "--path", path, "--node", "refused");
    assertMatch(refused.stderr, /EHOSTUNREACH .* it prints why ssh failed\n$/);
    const { stderr } = await stranger.end();
    assertEquals(stderr, `${host}: Permission denied (publickey).\r\n`);
  },
});

/** Starts a client that opens a path so many times, prints a line, and stays. */
function holder({ via }: Host, path: string, times: number): RunningProcess {
  const text = `
    import { open } from "./ipc/channel/mod.ts";
    for (let i = 0; i < ${times}; i++) open(${JSON.stringify(path)});
    console.log("open");
    setTimeout(() => {}, 60_000);
  `;
  return startProgram(text, via);
}

Deno.test({
  name: "whoever is killed, and when the link is cut, nothing is left on either node",
  ignore: reason !== undefined || !isLong,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const { here, there, gateway, path } = await twoNodes(stack);
    const ssh = () => here.matching("^ssh ");
    const agents = () => there.matching("agent.ts");
    const left = async (count: number) => {
      const counts = async () => [(await ssh()).length, (await agents()).length];
      for (const end = Date.now() + 60_000; Date.now() < end; await pause(100)) {
        if ((await counts()).every((found) => found === count)) break;
      }
      assertEquals(await counts(), [count, count]);
    };
    await using client = holder(here, `/net/nodenme${path}`, 4);
    assertEquals(await client.nextLine(), "open");
    await left(4);
    kill((await ssh())[0]!, Signal.KILL);
    await left(3);
    kill((await agents())[0]!, Signal.KILL);
    await left(2);
    client.signal("SIGKILL");
    await left(0);
    await using second = holder(here, `/net/nodenme${path}`, 1);
    assertEquals(await second.nextLine(), "open");
    await there.run("ip", "link", "set", "eth0", "down");
    await left(0);
    await there.run("ip", "link", "set", "eth0", "up");
    await using third = holder(here, `/net/nodenme${path}`, 2);
    assertEquals(await third.nextLine(), "open");
    gateway.signal("SIGKILL");
    await left(0);
    assertEquals(await gateway.left(), []);
  },
});
