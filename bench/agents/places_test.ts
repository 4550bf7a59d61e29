import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { hostsIn, placesIn, type PlacesOptions } from "./places.ts";

Deno.test("hostsIn() is null without hosts, and has ssh by default", () => {
  assertEquals(hostsIn({}, "tcp"), null);
  assertEquals(hostsIn({ hosts: "a[1-2]" }, "tcp"), { names: ["a1", "a2"], via: "ssh" });
  assertThrows(() => hostsIn({ hosts: "a" }, "door"), UsageError, "Cannot reach a path");
});

Deno.test("placesIn() says where clients and server run", () => {
  assertEquals(placesIn({}), null);
  assertEquals(placesIn({ hosts: "a,b", address: "10.0.0.1", via: "clush" }), {
    via: "clush",
    clients: ["a", "b"],
    server: null,
    address: "10.0.0.1",
  });
  assertEquals(placesIn({ serverHost: "me@c" }), {
    via: "ssh",
    clients: [],
    server: "me@c",
    address: "c",
  });
});

Deno.test("hostsIn() and placesIn() refuse options that do not fit each other, by name", () => {
  const refused = (options: PlacesOptions, option: string, words: string) =>
    assertEquals(assertThrows(() => placesIn(options), UsageError, words).option, option);
  refused({ hosts: "a" }, "address", "Missing address");
  refused({ hosts: "a", address: "x", via: "rsh" }, "via", 'Unknown engine "rsh"');
  refused({ hosts: "a,,b", address: "x" }, "hosts", 'Cannot read "a,,b"');
  refused({ via: "ssh" }, "hosts", "Cannot use via without hosts");
  refused({ address: "x" }, "hosts", "Cannot use address without hosts");
  refused({ serverHost: "c,d" }, "serverHost", "Cannot run a server on several hosts");
  assertThrows(() => hostsIn({ via: "ssh" }, "tcp"), UsageError, "Cannot use via without hosts");
});
