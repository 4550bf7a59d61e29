/** The command channel-gateway: who is let in, and what it says and leaves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Errno } from "../../servers/posix/errors.ts";
import { Connection, freePort } from "../../servers/testing/client.ts";
import {
  connectAttach,
  connectDetach,
  msgSend,
  nodeDescriptor,
} from "../../servers/ipc/channel/mod.ts";
import {
  assertErrno,
  bytesOf,
  channelOf,
  echo,
  uniqueName,
} from "../../servers/ipc/channel/testing.ts";
import { KEY, mirror, startGateway } from "../../servers/ipc/channel/testing_tasks.ts";

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
