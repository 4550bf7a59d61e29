/** Several sockets on one port. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Steering } from "../design.ts";
import { UsageError } from "../errors.ts";
import { boundAddress } from "../posix/addresses.ts";
import { Poller } from "../posix/descriptors.ts";
import { affinity, setAffinity } from "../posix/processes.ts";
import { accept } from "../posix/sockets.ts";
import { Connection } from "../testing/client.ts";
import { closing, inChild } from "../testing/fork.ts";
import { bindPort, bindShards, listenOnShards } from "./port.ts";

const HOST = "127.0.0.1";

/** The sockets among these to which so many connections come. */
function dealt(sockets: readonly number[], connections: number): number[] {
  const { port } = boundAddress(sockets[0]!);
  const poller = new Poller(sockets);
  return Array.from({ length: connections }, () => {
    using _client = new Connection(port);
    poller.wait();
    const shard = sockets.findIndex((_, index) => poller.isReady(index));
    using _ = closing(accept(sockets[shard]!));
    return shard;
  });
}

function shards(count: number, steer: Steering): number[] {
  const sockets = bindShards(bindPort(HOST, 0), count);
  listenOnShards(sockets, steer);
  return sockets;
}

for (const steer of ["hash", "random"] as const) {
  Deno.test(`listenOnShards() deals connections to all sockets of a port: ${steer}`, () => {
    const sockets = shards(3, steer);
    using _ = closing(...sockets);
    // 3 sockets, 60 connections: that one gets none is as likely as 1 in 10 billion.
    assertEquals(new Set(dealt(sockets, 60)), new Set([0, 1, 2]));
  });
}

Deno.test("listenOnShards() deals connections by the processor that they arrive at: cpu", () => {
  // One more socket than processors, which gets none.
  const sockets = shards(Math.max(...affinity()) + 2, "cpu");
  using _ = closing(...sockets);
  for (const processor of affinity()) {
    // Over the loopback interface a connection arrives where its client runs.
    const { code } = inChild(() => {
      setAffinity([processor]);
      return dealt(sockets, 5).every((shard) => shard === processor) ? 42 : 1;
    });
    assertEquals(code, 42);
  }
});

Deno.test("bindShards() reserves a port: clients cannot connect before it listens", () => {
  const sockets = bindShards(bindPort(HOST, 0), 2);
  using _ = closing(...sockets);
  assertThrows(() => new Connection(boundAddress(sockets[0]!).port), Error, "ECONNREFUSED");
});

Deno.test("sockets that share a port do not share it with another server", () => {
  const sockets = bindShards(bindPort(HOST, 0), 2);
  const { port } = boundAddress(sockets[0]!);
  const others = bindShards(bindPort(HOST, port), 2);
  using _ = closing(...sockets, ...others);
  listenOnShards(sockets, "hash");
  for (const share of [() => listenOnShards(others, "hash"), () => bindPort(HOST, port)]) {
    const error = assertThrows(share, UsageError, "the port is in use");
    assertEquals(error.option, "port");
  }
});
