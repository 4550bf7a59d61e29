import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { parseThresholds } from "./compare_gate.ts";

const parse = (text?: string) => parseThresholds("fail-above", text);

Deno.test("parseThresholds() reads a percentage for each metric; a bare one is for CPU time", () => {
  for (const text of ["5%", "5", "5 %", "cpu=5%"]) assertEquals(parse(text), { cpu: 0.05 });
  assertEquals(parse("2.5%,p99=20%, memory=0"), { cpu: 0.025, p99: 0.2, memory: 0 });
  assertEquals(parse(), undefined);
});

for (const text of ["", "five", "-5%", "5%%", "%", "1e1", "0x5", "5,5", "p98=5%", "cpu=", "=5%"]) {
  Deno.test(`parseThresholds() refuses "${text}", and says what to write`, () => {
    assertThrows(() => parse(text), UsageError, "write --fail-above 5%");
  });
}
