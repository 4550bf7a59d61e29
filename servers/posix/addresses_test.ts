import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { AddressError, AUTOBIND, boundAddress, internetAddress, unixAddress } from "./addresses.ts";
import { connect, listen, streamSocket } from "./sockets.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("internetAddress() resolves a host name", () => {
  const listener = listen(internetAddress("localhost", 0), "test");
  using _ = closing(listener);
  assertMatch(boundAddress(listener).host, /^(127\.0\.0\.1|::1)$/);
});

Deno.test("internetAddress() refuses an unknown host", () => {
  const error = assertThrows(() => internetAddress("no.such.host.invalid", 80), AddressError);
  assertMatch(error.message, /^Cannot find the host "no\.such\.host\.invalid": .+/);
});

Deno.test("AUTOBIND gives each listener an abstract name of its own", () => {
  const listeners = [1, 2].map(() => listen(AUTOBIND, "test"));
  using _first = closing(listeners[0]!);
  using _second = closing(listeners[1]!);
  const [one, other] = listeners.map((listener) => boundAddress(listener).host);
  assertMatch(one!, /^\0.+/);
  assertNotEquals(one, other);
  const client = streamSocket(unixAddress(one!));
  using _client = closing(client);
  connect(client, unixAddress(one!));
});

Deno.test("unixAddress() takes 1 to 107 bytes", () => {
  assertEquals(unixAddress("a".repeat(107)).bytes.length, 2 + 107 + 1);
  for (const path of ["", "a".repeat(108), "ü".repeat(54)]) {
    assertThrows(() => unixAddress(path), AddressError, `it has ${bytesOf(path).length} bytes`);
  }
});
