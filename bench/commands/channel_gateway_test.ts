/** The command channel-gateway: who is let in, and what it says and leaves. */
import { assert, assertEquals } from "@std/assert";
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
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";
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
  assert(gateway.processes().length >= 4); // host, server, two relays
  assertEquals(await gateway.end("SIGKILL"), { code: 137, stderr: "" });
  assertEquals(await gateway.left(), []);
  assertErrno(Errno.EBADF, () => msgSend(coid, bytesOf("moo")));
  connectDetach(coid);
  // Its name and its port are free.
  await using next = await startGateway([
    ...["--port", `${gateway.port}`, `${node}=127.0.0.1:${gateway.port}`],
  ]);
  assertEquals(await next.end("SIGTERM"), { code: 0, stderr: "" });
});

Deno.test("channel-gateway says what to write instead", async () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/key`;
  const writeKey = (key: string, mode: number) => {
    Deno.writeTextFileSync(file, key);
    Deno.chmodSync(file, mode);
  };
  const refused = async (words: string, ...args: string[]) =>
    assertRefused(await runHere("channel-gateway", "--key-file", file, ...args), 2, words);
  await refused("Cannot read the key file");
  writeKey("short", 0o600);
  await refused("Cannot use a key of 5 bytes: write at least 16 into a file");
  writeKey(KEY, 0o644);
  await refused("other users can read it; chmod 600");
  writeKey(KEY, 0o600);
  await refused('Cannot read "b" as a node: write NODE=HOST:PORT', "b");
  await refused("write NODE=HOST:PORT", "b=host:99999");

  const { node, gateway } = await mirror();
  await using _ = gateway;
  const args = ["--key-file", file];
  const port = await runTask("channel-gateway", ...args, "--port", `${gateway.port}`);
  assertRefused(port, 2, "the port is in use; write another");
  const second = await runTask("channel-gateway", ...args, `${node}=127.0.0.1:1`);
  assertRefused(second, 2, "a gateway of yours to that node is running");
});
