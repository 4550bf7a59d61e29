/** Two nodes: network namespaces, connected by a veth pair, with a gateway in each. */
import { assertEquals, assertMatch } from "@std/assert";
import { startProgram } from "../../testing/fork.ts";
import { RunningProcess } from "../../testing/process.ts";
import { uniqueName } from "./testing.ts";
import { startGateway } from "./testing_tasks.ts";

/** Runs a program to its end; returns its exit code. */
async function run(program: string, ...args: string[]): Promise<number> {
  try {
    await using running = new RunningProcess([program, ...args]);
    return (await running.ended()).code;
  } catch {
    return 127;
  }
}

/** A network namespace that is removed at the end of the block. */
class Network extends RunningProcess {
  constructor() {
    super(["unshare", "-n", "sh", "-c", "echo && exec sleep 60"]);
  }

  /** The prefix of command lines to run in it. */
  get via(): string[] {
    return ["nsenter", "-t", String(this.pid), "-n"];
  }

  /** Resolves when it exists. */
  async ready(): Promise<void> {
    await this.nextLine();
  }

  async ip(...args: string[]): Promise<void> {
    const [nsenter, ...via] = this.via;
    assertEquals(await run(nsenter!, ...via, "ip", ...args), 0, `ip ${args.join(" ")}`);
  }
}

const mayMakeNetworks = await run("unshare", "-n", "true") === 0 &&
  await run("nsenter", "--version") === 0 && await run("ip", "-V") === 0;
if (!mayMakeNetworks) {
  console.warn(
    "Skipping the test in two network namespaces: unshare, nsenter or ip may not or are not",
  );
}

Deno.test({
  name: "The client: fd = open(“/net/nodenme/dev/mymgr”, ..);",
  ignore: !mayMakeNetworks,
  async fn() {
    await using here = new Network();
    await using there = new Network();
    await Promise.all([here.ready(), there.ready()]);
    await here.ip(
      "link",
      "add",
      "herd0",
      "type",
      "veth",
      "peer",
      "name",
      "herd1",
      "netns",
      String(there.pid),
    );
    const ends = [[here, "herd0", "10.77.0.1/24"], [there, "herd1", "10.77.0.2/24"]] as const;
    for (const [network, name, address] of ends) {
      await network.ip("link", "set", "lo", "up");
      await network.ip("addr", "add", address, "dev", name);
      await network.ip("link", "set", name, "up");
    }
    const port = "7811";
    await using theirs = await startGateway(["--host", "10.77.0.2", "--port", port], {
      via: there.via,
    });
    void theirs;
    await using ours = await startGateway([`nodenme=10.77.0.2:${port}`], { via: here.via });
    const path = `/dev/${uniqueName()}`;
    await using manager = startIn(there, `keeper(${JSON.stringify(path)}).ended()`);
    const client = (path: string) => `
      let fd = -1;
      for (const end = Date.now() + 10_000; fd === -1;) {
        try {
          fd = open(${JSON.stringify(path)});
        } catch (error) {
          if (error.code !== "ENOENT" || Date.now() > end) throw error;
        }
      }
      const buffer = new Uint8Array(9);
      console.log(write(fd, bytesOf("hello")), read(fd, buffer), textOf(buffer));
      close(fd);
    `;
    void manager;
    assertEquals(await outputOf(here, client(`/net/nodenme${path}`)), "5 5 hello\n");
    // The server is not on this node.
    assertMatch(await outputOf(here, `open(${JSON.stringify(path)})`), /ENOENT/);
    // The reverse fails: our gateway listens on loopback only.
    await using back = await startGateway([`back=10.77.0.1:${ours.port}`], { via: there.via });
    void back;
    assertMatch(await outputOf(there, `open("/net/back${path}")`), /EHOSTUNREACH/);
  },
});

/** Starts a program in a network namespace. */
function startIn({ via }: Network, text: string): RunningProcess {
  const imports = `
    import { close, open, read, write } from "./ipc/channel/mod.ts";
    import { bytesOf, keeper, textOf } from "./ipc/channel/testing.ts";
  `;
  return startProgram(imports + text, via);
}

/** What such a program prints, errors included. */
async function outputOf(network: Network, text: string): Promise<string> {
  await using running = startIn(network, text);
  const { stdout, stderr } = await running.ended();
  return stdout + stderr;
}
