import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { parsePercentage } from "./percentage.ts";

const parse = (text?: string) => parsePercentage("fail-above", text);

Deno.test("parsePercentage() reads a percentage, with or without its sign", () => {
  assertEquals(["5%", "5", "0", "2.5%", "5 %"].map(parse), [0.05, 0.05, 0, 0.025, 0.05]);
  assertEquals(parse(), undefined);
});

for (const text of ["", "five", "-5%", "5%%", "%", "1e1", "0x5", "5,5"]) {
  Deno.test(`parsePercentage() refuses "${text}", and says what to write`, () => {
    assertThrows(() => parse(text), UsageError, "write --fail-above 5%");
  });
}
