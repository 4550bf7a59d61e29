import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { type NumberFlag, parseNumber } from "./numbers.ts";

const flagOf = (value: string, max = 1e12): NumberFlag => ({
  kind: "integer",
  value,
  min: 1,
  max,
  help: "",
});

Deno.test("parseNumber() reads counts and times with and without a unit", () => {
  for (
    const [value, text, expected] of [
      ["N", "4000", 4000],
      ["N", "4k", 4000],
      ["N", "1.1k", 1100],
      ["N", "1M", 1_000_000],
      ["N", "4Ki", 4096],
      ["N", "16Mi", 16 * 1024 * 1024],
      ["SECONDS", "90", 90],
      ["SECONDS", "90s", 90],
      ["SECONDS", "5m", 300],
      ["SECONDS", "1.5m", 90],
      ["SECONDS", "2h", 7200],
      ["SECONDS", "3000ms", 3],
      ["MS", "20", 20],
      ["MS", "2ms", 2],
      ["MS", "1.5s", 1500],
      ["MS", "5000us", 5],
      ["US", "0.5ms", 500],
      ["PORT", "8888", 8888],
    ] as const
  ) assertEquals(parseNumber("flag", flagOf(value), text), expected, `${value} ${text}`);
});

Deno.test("parseNumber() refuses with the range, and with the units where one is wrong", () => {
  const refusal = (flag: NumberFlag, text: string) =>
    assertThrows(() => parseNumber("flag", flag, text), UsageError).message;
  const count = flagOf("N", 1000);
  assertEquals(refusal(count, "0"), "--flag must be 1 to 1000, not 0");
  assertEquals(refusal(count, "2k"), "--flag must be 1 to 1000, not 2k");
  assertEquals(refusal(count, "1.5"), "--flag must be a whole number, 1 to 1000, not 1.5");
  assertEquals(refusal(count, ""), '--flag must be a whole number, 1 to 1000, not ""');
  assertEquals(
    refusal(count, "5m"),
    "--flag must be a whole number, 1 to 1000, not 5m; units are k, M, Ki, Mi",
  );
  assertEquals(
    refusal(flagOf("MS", 1000), "500us"),
    "--flag must be a whole number, 1 to 1000 milliseconds, not 500us",
  );
  assertEquals(
    refusal(flagOf("SECONDS", 1000), "5min"),
    "--flag must be a whole number, 1 to 1000 seconds, not 5min; units are ns, us, ms, s, m, h, d",
  );
  assertEquals(refusal(flagOf("PORT"), "8k"), "--flag must be a whole number, 1 or more, not 8k");
  assertEquals(refusal(flagOf("N"), "x"), "--flag must be a whole number, 1 or more, not x");
});
