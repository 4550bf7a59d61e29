import { assertEquals, assertThrows } from "@std/assert";
import { hasIPv6, inNamespace, removeIPv4, setParameter } from "../testing/network.ts";
import { forkReady, waitFor } from "../testing/fork.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
import { tryReadText } from "./files.ts";
import { enterNetworkNamespace, findLoopback, loopbackHost } from "./network.ts";
import { accept, connect, listen, streamSocket } from "./sockets.ts";
import { UnsupportedError } from "../errors.ts";

/** Exit codes of a child that creates a namespace. */
const WORKS = 0;
const FORBIDDEN = 7;

function tryIt(body: () => boolean): number {
  const pid = forkReady((ready) => {
    ready();
    try {
      enterNetworkNamespace();
      return body() ? WORKS : 1;
    } catch (error) {
      if (error instanceof UnsupportedError) return FORBIDDEN;
      throw error;
    }
  });
  return waitFor(pid).code!;
}

const isPermitted = tryIt(() => true) === WORKS;

Deno.test({
  name:
    "enterNetworkNamespace() has loopback, which works, and nothing else (ignored without root)",
  ignore: !isPermitted,
  fn() {
    const code = tryIt(() => {
      const interfaces = tryReadText("/proc/thread-self/net/dev")!.match(/^ *\w+:/gm);
      const listener = listen(internetAddress("127.0.0.1", 0), "listen");
      const address = internetAddress("127.0.0.1", boundAddress(listener).port);
      connect(streamSocket(address), address);
      accept(listener);
      const opens = tryReadText("/proc/thread-self/net/snmp")!.split("\n")
        .filter((line) => line.startsWith("Tcp:"))[1]!.split(" ")[6];
      return interfaces?.join() === "    lo:" && opens === "1";
    });
    assertEquals(code, WORKS);
  },
});

Deno.test({
  name: "enterNetworkNamespace() needs root, and says so (ignored for root)",
  ignore: isPermitted,
  fn: () => assertEquals(tryIt(() => true), FORBIDDEN),
});

Deno.test({
  name:
    "findLoopback() is 127.0.0.1, or ::1 where there is no IPv4, or nothing (ignored without root or IPv6)",
  ignore: !hasIPv6,
  fn: () =>
    inNamespace(() => {
      assertEquals(findLoopback(), "127.0.0.1");
      removeIPv4();
      assertEquals([findLoopback(), loopbackHost()], ["::1", "::1"]);
      setParameter("ipv6/conf/lo/disable_ipv6", "1");
      assertEquals(findLoopback(), undefined);
      assertThrows(loopbackHost, UnsupportedError, "write ip link set lo up");
    }),
});
