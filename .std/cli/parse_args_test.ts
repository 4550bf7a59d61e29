import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

/** Parses a command line with the flags --json and --port; any other flag is an error. */
function parse(...args: string[]) {
  return parseArgs(args, {
    boolean: ["json"],
    string: ["_", "port"],
    unknown: (arg, key) => {
      throw new RangeError(`${arg} is ${key}`);
    },
  });
}

Deno.test("parseArgs() reads a value in either spelling, the last of several", () => {
  for (const args of [["--port=80"], ["--port", "80"], ["--port=1", "--port", "80"]]) {
    assertEquals(parse(...args), { json: false, port: "80", _: [] });
  }
  assertEquals(parse("--port=a=b").port, "a=b");
});

Deno.test("parseArgs() collects the values of a flag in an array", () => {
  const options = { boolean: [], string: ["at"], collect: ["at"] };
  assertEquals(parseArgs(["--at", "a", "--at=b c"], options), { at: ["a", "b c"], _: [] });
  assertEquals(parseArgs([], options), { at: [], _: [] });
});

Deno.test("parseArgs() leaves out a string that is not given", () => {
  assertEquals(parse(), { json: false, _: [] });
});

Deno.test("parseArgs() leaves the argument after a boolean alone, unless it says true or false", () => {
  assertEquals(parse("--json", "fork"), { json: true, _: ["fork"] });
  assertEquals(parse("--json", "false", "fork"), { json: false, _: ["fork"] });
  assertEquals(parse("--json=false").json, false);
});

Deno.test("parseArgs() never takes a flag for a value", () => {
  assertEquals(parse("--port", "--json"), { port: "", json: true, _: [] });
  for (const args of [["--port"], ["--port="]]) assertEquals(parse(...args).port, "");
  assertEquals(parse("--port", "-"), { port: "", json: false, _: ["-"] });
});

Deno.test("parseArgs() asks `unknown` about flags that no option names", () => {
  for (
    const [arg, key] of [["--prot=80", "prot"], ["--no-json", "no-json"], ["-x", "x"]] as const
  ) {
    assertThrows(() => parse(arg), RangeError, `${arg} is ${key}`);
  }
});

Deno.test("parseArgs() takes what follows `--` for no flag", () => {
  assertEquals(parse("a", "--port", "--", "--json", "1"), {
    json: false,
    port: "",
    _: ["a", "--json", "1"],
  });
});
