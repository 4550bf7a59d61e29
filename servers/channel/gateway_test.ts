/** The way to other nodes: two gateways, or one that is its own neighbour, over TCP. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../posix/errors.ts";
import { getpid } from "../posix/processes.ts";
import {
  boundAddress,
  close as closeDescriptor,
  internetAddress,
  listen,
} from "../posix/sockets.ts";
import { linesOf } from "../lines.ts";
import { Connection, sleep } from "../testing.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  close,
  connectAttach,
  connectDetach,
  msgReceive,
  msgReply,
  msgSend,
  msgSendPulse,
  nameAttach,
  nameClose,
  nameDetach,
  nameOpen,
  nodeDescriptor,
  open,
  PulseCode,
  read,
  write,
} from "./mod.ts";
import {
  assertErrno,
  blocked,
  bytesOf,
  channelOf,
  echo,
  Forked,
  keeper,
  ServingTask,
  textOf,
  uniqueName,
} from "./testing.ts";

const KEY = "correct horse battery staple";

/** Starts a gateway. */
async function startGateway(
  args: readonly string[],
  { key = KEY, via = [] }: { key?: string; via?: readonly string[] } = {},
): Promise<ServingTask & { port: number }> {
  const env = { HERD_CHANNEL_KEY: key };
  const task = await ServingTask.start("channel-gateway", ["--json", ...args], { env, via });
  return Object.assign(task, { port: task.ready && JSON.parse(task.ready).port });
}

/** A port nobody listens on. */
function freePort(): number {
  const listener = listen(internetAddress("127.0.0.1", 0), "find a port");
  const { port } = boundAddress(listener);
  closeDescriptor(listener);
  return port;
}

/** A gateway that leads back to this node, which has the name that is the result. */
async function mirror(): Promise<{ node: string; gateway: ServingTask & { port: number } }> {
  const [node, port] = [uniqueName(), freePort()];
  return { node, gateway: await startGateway(["--port", `${port}`, `${node}=127.0.0.1:${port}`]) };
}

const buffer = new Uint8Array(1024);

Deno.test("open() of /net/NODE/… reaches a resource manager there", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  const path = `/dev/${uniqueName()}`;
  using manager = keeper(path);
  void manager;
  const fd = open(`/net/${node}${path}`);
  assertEquals(write(fd, bytesOf("hello")), 5);
  assertEquals(read(fd, buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 5)), "hello");
  assertEquals(msgSend(fd, bytesOf("abc"), buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 3)), "cba");
  close(fd);
  assertErrno(Errno.ENOENT, () => open(`/net/${node}/dev/${uniqueName()}`));
  assertErrno(Errno.EHOSTUNREACH, () => open(`/net/${uniqueName()}${path}`));
});

Deno.test("connectAttach() to another node reaches a channel there, with messages of any size", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  using server = channelOf(0, (chid) => {
    const large = new Uint8Array(1_000_003);
    for (;;) {
      const { rcvid, info } = msgReceive(chid, large);
      msgReply(rcvid, info.msglen, large.subarray(0, info.msglen).reverse());
    }
  });
  const nd = nodeDescriptor(node);
  assertEquals(nodeDescriptor(node), nd);
  const coid = connectAttach(nd, server.pid, server.chid);
  for (const size of [0, 5, 5000, 70_000, 1_000_003]) {
    const message = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
    const reply = new Uint8Array(size);
    assertEquals(msgSend(coid, message, reply), size);
    assertEquals(reply, message.toReversed());
  }
  connectDetach(coid);
  assertErrno(Errno.ESRCH, () => connectAttach(nd, server.pid, server.chid + 1000));
});

Deno.test("pulses come from another node, and that all its connections are detached", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  const name = uniqueName();
  const attachment = nameAttach(name);
  const coid = nameOpen(`/net/${node}/dev/name/local/${name}`);
  for (const code of [1, 2, 3]) msgSendPulse(coid, -1, code, -code);
  nameClose(coid);
  const pulses = Array.from({ length: 4 }, () => msgReceive(attachment.chid, buffer).pulse!);
  assertEquals(pulses.map(({ code }) => code), [1, 2, 3, PulseCode.DISCONNECT]);
  assertEquals(pulses.map(({ value }) => value), [-1, -2, -3, 0]);
  nameDetach(attachment);
});

Deno.test("a server that is killed gives its senders on another node an error", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  using server = channelOf(0, (chid) => {
    msgReceive(chid, buffer);
    sleep();
  });
  using client = new Forked((ready) => {
    const coid = connectAttach(nodeDescriptor(node), server.pid, server.chid);
    ready();
    try {
      msgSend(coid, bytesOf("moo"));
    } catch (error) {
      return (error as { errno: number }).errno;
    }
  });
  blocked(client);
  server.kill();
  assertEquals(client.ended().code, Errno.ESRCH);
});

Deno.test("a client on another node that is killed while REPLY-blocked does not stop the server", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  const chid = channelCreate(ChannelFlag.DISCONNECT);
  const pid = getpid();
  using client = new Forked((ready) => {
    const coid = connectAttach(nodeDescriptor(node), pid, chid);
    ready();
    msgSend(coid, bytesOf("moo"));
  });
  const { rcvid } = msgReceive(chid, buffer);
  client.kill();
  assertEquals(msgReceive(chid, buffer).pulse!.code, PulseCode.DISCONNECT);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 0));
  channelDestroy(chid);
});

Deno.test("a gateway with another key is refused, and whatever else connects", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  using server = channelOf(0, echo);
  const other = uniqueName();
  await using stranger = await startGateway([`${other}=127.0.0.1:${gateway.port}`], {
    key: `${KEY}!`,
  });
  void stranger;
  const attach = (name: string) => connectAttach(nodeDescriptor(name), server.pid, server.chid);
  assertErrno(Errno.EACCES, () => attach(other));
  using browser = new Connection(gateway.port);
  browser.send("GET / HTTP/1.1\r\n".padEnd(64)); // as many bytes as a nonce and a proof
  const greeting = "herd channel 1\n".length + 32;
  assertEquals(browser.receive(greeting + 1).length, greeting);
  const coid = attach(node);
  assertEquals(msgSend(coid, bytesOf("moo")), 3);
  connectDetach(coid);
  // Nor is there a way to a node that is not there.
  const nowhere = uniqueName();
  await using lonely = await startGateway([`${nowhere}=127.0.0.1:${freePort()}`]);
  void lonely;
  assertErrno(Errno.EHOSTUNREACH, () => attach(nowhere));
});

Deno.test("channel-gateway ends on SIGTERM, and leaves nothing behind when it is killed", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  using server = channelOf(0, echo);
  const coid = connectAttach(nodeDescriptor(node), server.pid, server.chid);
  const mark = `${node}=127.0.0.1:${gateway.port}`;
  assert((await processesOf(mark)).length >= 4); // host, server, two relays
  assertEquals(await gateway.end("SIGKILL"), { code: 137, stderr: "" });
  for (const end = Date.now() + 5000; (await processesOf(mark)).length > 0;) {
    assert(Date.now() < end, "its processes go on");
  }
  assertErrno(Errno.EBADF, () => msgSend(coid, bytesOf("moo")));
  connectDetach(coid);
  // Its name and its port are free.
  await using next = await startGateway(["--port", `${gateway.port}`, mark]);
  assertEquals(await next.end("SIGTERM"), { code: 0, stderr: "" });
});

/** Runs a program to its end; its exit code. */
async function run(program: string, ...args: string[]): Promise<number> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).code;
  } catch {
    return 127;
  }
}

/** A network namespace of its own, for as long as the block that uses it runs. */
class Network implements AsyncDisposable {
  readonly #holder = new Deno.Command("unshare", {
    args: ["-n", "sh", "-c", "echo && exec sleep 60"],
    stdout: "piped",
  }).spawn();

  get pid(): string {
    return String(this.#holder.pid);
  }

  /** What a command line begins with that is to run in it. */
  get via(): string[] {
    return ["nsenter", "-t", this.pid, "-n"];
  }

  /** Once it is there. */
  async ready(): Promise<void> {
    await linesOf(this.#holder.stdout).next();
  }

  async ip(...args: string[]): Promise<void> {
    const [nsenter, ...via] = this.via;
    assertEquals(await run(nsenter!, ...via, "ip", ...args), 0, `ip ${args.join(" ")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
  }
}

/** The processes that have a text on their command line. */
async function processesOf(text: string): Promise<string[]> {
  const script = 'printf %s "$TEXT" | grep -lsFf - /proc/[0-9]*/cmdline; true';
  const env = { TEXT: text };
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", script], env }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((path) => path !== "");
}

Deno.test("channel-gateway says what to write instead", async () => {
  const says = async (args: readonly string[], key = KEY) => {
    await using gateway = await startGateway(args, { key });
    const { code, stderr } = await gateway.end();
    assertEquals(code, 2);
    return stderr;
  };
  assertMatch(
    await says([], "short"),
    /Cannot use a key of 5 bytes: write at least 16 into a file/,
  );
  assertMatch(await says(["b"]), /Cannot read "b" as a node: write NODE=HOST:PORT/);
  assertMatch(await says(["b=host:99999"]), /write NODE=HOST:PORT/);
  const file = await Deno.makeTempFile({ dir: "/tmp" });
  await Deno.writeTextFile(file, KEY);
  await Deno.chmod(file, 0o644);
  assertMatch(await says(["--key-file", file]), /others may read it; chmod 600/);
  await Deno.remove(file);
  assertMatch(await says(["--key-file", file]), /Cannot read the key file/);
  const { node, gateway } = await mirror();
  await using _ = gateway;
  assertMatch(await says(["--port", `${gateway.port}`]), /the port is in use; write another/);
  assertMatch(await says([`${node}=127.0.0.1:1`]), /a gateway of yours to that node is running/);
});

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
      there.pid,
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
    void ours;
    const path = `/dev/${uniqueName()}`;
    await using manager = program(there, `keeper(${JSON.stringify(path)}).ended()`);
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
    assertEquals(await program(here, client(`/net/nodenme${path}`)).output(), "5 5 hello\n");
    // The server is not on this node.
    assertMatch(await program(here, `open(${JSON.stringify(path)})`).output(), /ENOENT/);
    // Nor does anything listen outside of the loopback that was not told to.
    assertMatch(
      await program(there, `open("/net/nodenme${path}")`).output(),
      /EHOSTUNREACH/,
    );
  },
});

/** A program that runs in a network. */
function program(network: Network, text: string): AsyncDisposable & { output(): Promise<string> } {
  const [nsenter, ...via] = network.via;
  const imports = `
    import { close, open, read, write } from "./mod.ts";
    import { bytesOf, keeper, textOf } from "./testing.ts";
  `;
  const flags = ["eval", "--ext=ts", "--no-check", "--v8-flags=--single-threaded"];
  const running = new Deno.Command(nsenter!, {
    args: [...via, Deno.execPath(), ...flags, imports + text],
    cwd: new URL(".", import.meta.url),
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  return {
    async output() {
      const { stdout, stderr } = await running.output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    },
    async [Symbol.asyncDispose]() {
      running.kill("SIGKILL");
      await Promise.all([running.stdout.cancel(), running.stderr.cancel(), running.status]);
    },
  };
}
