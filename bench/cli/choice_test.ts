import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { designsOf } from "./choice.ts";

const USUAL = ["iterative", "prefork-mutex", "thread-per-client"];

/** The designs of a list, in a run over TCP. */
const chosen = (list: string) => designsOf(list, USUAL, false, "bytes");

const PREFORK = [
  "prefork-shared-accept",
  "prefork-file-lock",
  "prefork-mutex",
  "prefork-fd-passing",
  "prefork-reuseport",
  "prefork-select",
  "prefork-poll",
  "prefork-epoll",
  "prefork-epoll-exclusive",
  "prefork-io-uring",
];

Deno.test("designsOf() has names and patterns, each design once, in the order of the registry", () => {
  assertEquals(chosen("prefork-mutex, iterative"), ["iterative", "prefork-mutex"]);
  assertEquals(chosen("prefork-*"), PREFORK);
  assertEquals(chosen("prefork-m*,prefork-*"), PREFORK);
  assertEquals(chosen("*-per-client"), [
    "fork-per-client",
    "thread-per-client",
    "subprocess-per-client",
  ]);
});

Deno.test("designsOf() leaves out what begins with !, at first from the usual designs", () => {
  assertEquals(chosen("prefork-*,!*-lock"), PREFORK.filter((id) => id !== "prefork-file-lock"));
  assertEquals(chosen("prefork-*,!thread-*"), PREFORK);
  assertEquals(chosen("!thread-*"), ["iterative", "prefork-mutex"]);
  assertEquals(chosen("!iterative,slaunch"), ["prefork-mutex", "thread-per-client", "slaunch"]);
});

Deno.test("designsOf() has local designs by a pattern only in a local run", () => {
  assertEquals(chosen("door"), ["door"]);
  assertEquals(designsOf("do*", USUAL, true, "bytes"), ["door"]);
  assertEquals(
    designsOf("*-mutex,*-reuseport", USUAL, false, "bytes").at(-1),
    "prethread-reuseport",
  );
  assertThrows(
    () => designsOf("*-reuseport", USUAL, true, "bytes"),
    UsageError,
    "No design matches",
  );
  assertThrows(() => chosen("do*"), UsageError, 'No design matches "do*"');
  assertEquals(chosen("deno-*"), ["deno-listen"]);
  assertEquals(designsOf("deno-*", USUAL, false, "http"), ["deno-listen", "deno-serve"]);
});

Deno.test("designsOf() refuses what matches nothing, and what leaves nothing", () => {
  assertThrows(() => chosen("perfork-*"), UsageError, "write a pattern such as 'prefork-*'");
  assertThrows(() => chosen("prefork-mutex,!perfork-*"), UsageError, 'matches "perfork-*"');
  assertThrows(() => chosen("!prefork-mutx"), UsageError, "did you mean prefork-mutex?");
  assertThrows(() => chosen("prefork-mutex,!pre*"), UsageError, "No design is left");
  assertThrows(() => chosen("prefork-mutex,"), UsageError, 'Unknown design ""');
});
