import { assertEquals } from "@std/assert";
import { sharesOf } from "./hosts_load.ts";

Deno.test("sharesOf() shares clients evenly; a host for which there is none takes no part", () => {
  const names = ["a", "b", "c"];
  assertEquals([...sharesOf(10, names)], [["a", 4], ["b", 3], ["c", 3]]);
  assertEquals([...sharesOf(3, names)], [["a", 1], ["b", 1], ["c", 1]]);
  assertEquals([...sharesOf(1, names)], [["a", 1]]);
});
