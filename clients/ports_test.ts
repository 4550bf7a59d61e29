import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../servers/errors.ts";
import { internetAddress, isLoopback } from "../servers/posix/addresses.ts";
import { Errno } from "../servers/posix/errors.ts";
import { read } from "../servers/posix/io.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import { loopbackSources } from "../servers/posix/sources.ts";
import {
  hasIPv6,
  hasNamespaces,
  inNamespace,
  removeIPv4,
  setLocalPorts,
  setParameter,
} from "../servers/testing/network.ts";
import { tcp } from "../servers/transports/stream.ts";
import { type Endpoint, errorNumberOf } from "../servers/transports/transport.ts";
import { hasPorts, localPorts, portsOf, requirePorts, sourcesFor } from "./ports.ts";

const LOAD = { clients: 10, connections: 500, warmUpConnections: 20, thinkMilliseconds: 0 };

Deno.test("portsOf() counts all connections, or those of a minute", () => {
  assertEquals(portsOf(LOAD), 5200);
  // A client that waits 20 s has three in a minute, and one that is under way.
  assertEquals(portsOf({ ...LOAD, thinkMilliseconds: 20_000 }), 10 * (20 + 4));
  // Without a count, those that can be made in its time.
  const timed = { ...LOAD, connections: null, limitSeconds: 2 };
  assertEquals(portsOf(timed), 10 * (20 + 80_000));
});

/** A server of a namespace, at a port that is no local port. */
const serve = (host: string, port: number): Endpoint => {
  const endpoint = tcp.bind({ host, port });
  endpoint.listen();
  return endpoint;
};

/** Connects to the server so often, and closes first; returns how often it was possible, and the error. */
function connect({ listener, address }: Endpoint, times: number, sources = 0) {
  const { open, request, close } = tcp.client(
    address,
    { service: "bytes", bytes: 1, target: null },
    socketTimeout(5),
    loopbackSources(0x10000, sources),
  );
  for (let made = 0; made < times; made++) {
    try {
      const connection = open();
      const peer = tcp.acceptAndReply(listener, new Uint8Array(1));
      request(connection);
      close(connection);
      // A server that closes with an unread request resets the connection, which leaves no TIME_WAIT.
      read(peer, new Uint8Array(8));
      close(peer);
    } catch (error) {
      return { made, error: errorNumberOf(error) };
    }
  }
  return { made: times, error: 0 };
}

Deno.test({
  name:
    "a load that needs more ports than an address has connects from several (ignored without root)",
  ignore: !hasNamespaces,
  fn: () =>
    inNamespace(() => {
      setLocalPorts(100);
      setParameter("ipv4/ip_local_reserved_ports", "8080,50000-50009,50099-50200");
      assertEquals(localPorts(), 89);
      setParameter("ipv4/ip_local_reserved_ports", "\n");
      const load = { ...LOAD, clients: 1, connections: 250, warmUpConnections: 0 };
      assertEquals([sourcesFor(load), sourcesFor({ ...load, connections: 100 })], [5, 0]);
      assertEquals(sourcesFor({ ...load, connections: 100 }, 1), 2);
      assertEquals(connect(serve("127.0.0.1", 8001), 250, 5), { made: 250, error: 0 });
      const without = connect(serve("127.0.0.1", 8002), 250);
      assertEquals(without, { made: 100, error: Errno.EADDRNOTAVAIL });
    }),
});

Deno.test({
  name:
    "requirePorts() says which ports are missing to an address that has one source (ignored without root or IPv6)",
  ignore: !hasIPv6,
  fn: () =>
    inNamespace(() => {
      removeIPv4();
      setLocalPorts(100);
      const endpoint = serve("::1", 8001);
      const { host, port } = endpoint.address;
      assertEquals(connect(endpoint, 30).made, 30);
      const load = { ...LOAD, clients: 10, connections: 7, warmUpConnections: 1 };
      const { message } = assertThrows(() => requirePorts(load, host, port), UnsupportedError);
      assertEquals(
        message,
        `Cannot connect 80 times to [::1]:${port}: of 100 local ports 30 are in use or were a minute ago, ` +
          'and 10 are missing; write sysctl -w net.ipv4.ip_local_port_range="1024 65535", ' +
          "or make fewer connections",
      );
      // To another port they are free.
      assertEquals(requirePorts(load, host, port + 1), 0);
      const more = { ...load, connections: 10_000 };
      assertThrows(() => requirePorts(more, host, port), UnsupportedError, "tcp_tw_reuse=1");
      setParameter("ipv4/tcp_tw_reuse", "2");
      // How many a load of some seconds needs is not known, and EADDRNOTAVAIL would say so.
      requirePorts({ ...load, connections: null, limitSeconds: 1 }, host, port);
      requirePorts(load, host, port);
    }),
});

Deno.test({
  name: "hasPorts() knows where the kernel takes ports again (ignored without root)",
  ignore: !hasNamespaces,
  fn: () =>
    inNamespace(() => {
      const found = (reuse: string, timestamps = "1") => {
        setParameter("ipv4/tcp_tw_reuse", reuse);
        setParameter("ipv4/tcp_timestamps", timestamps);
        return ["127.0.0.9", "::1", "192.0.2.1"].map((host) => hasPorts(internetAddress(host, 1)));
      };
      assertEquals(found("0"), [true, false, false]);
      assertEquals(found("2"), [true, true, false]);
      assertEquals(found("1"), [true, true, true]);
      assertEquals(found("1", "0"), [true, false, false]);
    }),
});

Deno.test("isLoopback() knows what only this machine reaches", () => {
  const isLocal = (host: string) => isLoopback(internetAddress(host, 1));
  assertEquals(["127.0.0.1", "127.9.9.9", "::1"].map(isLocal), [true, true, true]);
  assertEquals(["0.0.0.0", "::", "::2", "192.0.2.127", "2001::1"].some(isLocal), false);
});
