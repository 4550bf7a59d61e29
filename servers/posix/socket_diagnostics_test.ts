import { assertEquals } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { unixAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { descriptorsOf } from "./files.ts";
import { close } from "./io.ts";
import { getpid } from "./processes.ts";
import { unixPeers } from "./socket_diagnostics.ts";
import { accept, connect, listen, socketPair, SocketType, streamSocket } from "./sockets.ts";

/** The inode of a socket, or pipe, of this process. */
function inodeOf(fd: number): number {
  const { target } = descriptorsOf(getpid()).find(({ descriptor }) => descriptor === fd)!;
  return Number(target.match(/\[(\d+)\]$/)![1]);
}

Deno.test("unixPeers() finds both directions of socket pairs of every type", () => {
  const pairs = Object.values(SocketType).map(socketPair);
  using _ = closing(...pairs.flat());
  const inodes = pairs.map((pair) => pair.map(inodeOf) as [number, number]);
  const expected = inodes.flatMap(([left, right]) => [[left, right], [right, left]]);
  assertEquals([...unixPeers(inodes.flat())], expected);
});

Deno.test("unixPeers() finds the peer of a connection from accept to close", () => {
  const address = unixAddress(`\0herd-test-peers-${getpid()}`);
  const listener = listen(address, "test");
  // Connected in reverse order: neighbouring inodes are not peers.
  const [first, second] = [streamSocket(address), streamSocket(address)];
  using _ = closing(listener, first, second);
  const clients = [first, second].map(inodeOf);
  const peers = () => {
    const found = unixPeers([...clients, inodeOf(listener)]);
    return [...clients, inodeOf(listener)].map((inode) => found.get(inode));
  };
  assertEquals(peers(), [undefined, undefined, undefined]);
  connect(second, address);
  connect(first, address);
  assertEquals(peers(), [undefined, undefined, undefined]);
  const servers = [accept(listener), accept(listener)];
  const [ofSecond, ofFirst] = servers.map(inodeOf);
  assertEquals(peers(), [ofFirst, ofSecond, undefined]);
  servers.forEach(close);
  assertEquals(peers(), [undefined, undefined, undefined]);
});

Deno.test("unixPeers() leaves out what is not a Unix socket", () => {
  const [output, input] = pipe();
  const [closed, other] = socketPair();
  const inodes = [output, input, closed, other].map(inodeOf);
  for (const fd of [output, input, closed, other]) close(fd);
  assertEquals([...unixPeers(inodes)], []);
});
