import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { readEnvironment } from "./environment.ts";
import { Environment } from "../record/record.ts";

Deno.test("readEnvironment() fits its schema and knows this machine", () => {
  const fork = { works: false, attempts: 2, reason: "no" };
  const environment = readEnvironment(fork);
  assertEquals(Environment.parse(environment), environment);
  assertEquals([environment.system, environment.deno], ["Linux", Deno.version.deno]);
  assertEquals(environment.fork, fork);
  assertMatch(environment.lockFileSystem ?? "", /^[a-z]/);
  assertMatch(environment.kernel, /^\d+\.\d+/);
  assertGreater(environment.memoryBytes ?? 0, 2 ** 20);
});
