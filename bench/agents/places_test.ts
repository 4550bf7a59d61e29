import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { hostsFlagOf, placesOf } from "./host_flags.ts";

const none = {
  hosts: undefined,
  via: undefined,
  "server-host": undefined,
  address: undefined,
  local: false,
  netns: false,
};

Deno.test("hostsFlagOf() is null without hosts, and has ssh by default", () => {
  assertEquals(hostsFlagOf(none), null);
  assertEquals(hostsFlagOf({ hosts: "a[1-2]", via: undefined }), {
    names: ["a1", "a2"],
    via: "ssh",
  });
  assertThrows(() => hostsFlagOf({ hosts: undefined, via: "ssh" }), UsageError, "write --hosts");
  assertThrows(() => hostsFlagOf({ hosts: "a", via: "rsh" }), UsageError, 'Unknown engine "rsh"');
});

Deno.test("placesOf() says where clients and server run", () => {
  assertEquals(placesOf(none), null);
  assertEquals(placesOf({ ...none, hosts: "a,b", address: "10.0.0.1", via: "clush" }), {
    via: "clush",
    clients: ["a", "b"],
    server: null,
    address: "10.0.0.1",
  });
  assertEquals(placesOf({ ...none, "server-host": "me@c" }), {
    via: "ssh",
    clients: [],
    server: "me@c",
    address: "c",
  });
});

Deno.test("placesOf() refuses flags that do not fit each other", () => {
  const refused = (flags: Partial<Parameters<typeof placesOf>[0]>, words: string) =>
    assertThrows(() => placesOf({ ...none, ...flags }), UsageError, words);
  refused({ hosts: "a" }, "Missing address: write --address");
  refused({ via: "ssh" }, "leave out --via");
  refused({ address: "x" }, "leave out --address");
  refused({ hosts: "a", address: "x", local: true }, "leave out --local");
  refused({ "server-host": "c", netns: true }, "leave out --netns");
  refused({ "server-host": "c,d" }, "write one");
});
