/** The command channel-gateway: who may use it, and what it says and leaves. */
import { isLong } from "../../servers/testing/long.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Errno, SystemError } from "../../servers/posix/errors.ts";
import { getuid, kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { becomeUser } from "../../servers/posix/testing.ts";
import {
  connectAttach,
  connectDetach,
  msgSend,
  nodeDescriptor,
  open,
} from "../../servers/ipc/channel/mod.ts";
import { pathAddress } from "../../servers/ipc/channel/addresses.ts";
import { nodePath } from "../../servers/ipc/channel/nodes.ts";
import { ReplyPacket, Request, RequestPacket } from "../../servers/ipc/channel/packet.ts";
import { MessageType } from "../../servers/ipc/channel/flags.ts";
import {
  assertErrno,
  bytesOf,
  channelOf,
  echo,
  Forked,
  uniqueName,
} from "../../servers/ipc/channel/testing.ts";
import { mirror, startGateway } from "../../servers/ipc/channel/testing_tasks.ts";
import { createSocket, SocketType, tryConnect } from "../../servers/posix/sockets.ts";
import { runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

const isRoot = getuid() === 0;
if (!isRoot) console.warn("Skipping the test of another user: only root can be another user");

Deno.test({
  name: "another user reaches nothing through /net/NODE",
  ignore: !isRoot,
  async fn() {
    const { node, gateway } = await mirror();
    await using _ = gateway;
    using server = channelOf(0, echo);
    const target = bytesOf(JSON.stringify({ pid: server.pid, chid: server.chid }));
    const address = pathAddress(nodePath(node), "test");
    using stranger = new Forked((ready) => {
      becomeUser(65534);
      ready();
      const socket = createSocket(address, SocketType.messages);
      if (tryConnect(socket, address) !== 0) return 1;
      const request = new RequestPacket();
      request.numbers[Request.type] = MessageType.node;
      request.put(target);
      request.message.send(socket);
      return new ReplyPacket().message.receive(socket) === "closed" ? 0 : 2;
    });
    assertEquals(stranger.ended().code, 0);
    const coid = connectAttach(nodeDescriptor(node), server.pid, server.chid);
    assertEquals(msgSend(coid, bytesOf("moo")), 3);
    connectDetach(coid);
  },
});

Deno.test("killing gateway, ssh or agent ends the connection, and nothing is left", async () => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  using server = channelOf(0, echo);
  const attach = () => connectAttach(nodeDescriptor(node), server.pid, server.chid);
  const idle = gateway.processes().length; // the host, and the process that forks relays
  // ssh, and the agent that it started
  for (const isVictim of [/^sh -c for last;/, /^\S+ run .*agent\.ts $/]) {
    const coid = attach();
    const victim = await gateway.find((all) =>
      all.find(({ commandLine }) => isVictim.test(commandLine))
    );
    kill(victim.pid, Signal.KILL);
    await gateway.find((all) => all.length === idle || undefined);
    assertThrows(() => msgSend(coid, bytesOf("moo")), SystemError);
    connectDetach(coid);
  }
  const coid = attach();
  assert(gateway.processes().length > idle);
  assertEquals((await gateway.end("SIGKILL")).code, 137);
  assertEquals(await gateway.left(), []);
  assertThrows(() => msgSend(coid, bytesOf("moo")), SystemError);
  connectDetach(coid);
  // Its name is free.
  await using next = await startGateway([`${node}=here`], { via: ["setsid"] });
  kill(-next.pid, Signal.TERM); // to its process group, as supervisors and terminals send it
  const { code: ended, stderr } = await next.ended();
  assertEquals([ended, stderr, await next.left()], [0, "", []]);
});

Deno.test({
  name: "a node without an agent cannot be reached, and the gateway says why",
  ignore: !isLong,
  fn: async () => {
    const nodes = [uniqueName(), uniqueName()] as const;
    const agent = "echo here: Permission denied >&2; exit 255";
    await using refused = await startGateway([`${nodes[0]}=here`], { agent });
    await using chatty = await startGateway([`${nodes[1]}=here`], {
      agent: "echo Welcome to this host!",
    });
    for (const node of nodes) assertErrno(Errno.EHOSTUNREACH, () => open(`/net/${node}/dev/x`));
    assertStringIncludes((await refused.end()).stderr, "Permission denied\n");
    const { stderr } = await chatty.end();
    assertStringIncludes(stderr, "what was started there is no agent of this version of Herd\n");
  },
});

Deno.test("channel-gateway says what to write instead", async () => {
  const refused = async (words: string, ...args: string[]) =>
    assertRefused(await runHere("channel-gateway", ...args), 2, words);
  await refused("Write a node to connect with: NODE=[USER@]HOST");
  await refused('Cannot read "b" as a node: write NODE=[USER@]HOST', "b");
  await refused("write NODE=[USER@]HOST", "b=-oProxyCommand=id");
  const { node, gateway } = await mirror();
  await using _ = gateway;
  const second = await runTask("channel-gateway", `${node}=there`);
  assertRefused(second, 2, "a gateway of yours to that node is running");
});
