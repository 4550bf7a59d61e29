import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

const options = {
  boolean: ["json", "help"],
  string: ["port", "children"],
  alias: { h: "help" },
} as const;

Deno.test("parseArgs() reads a value in every spelling", () => {
  for (const args of [["--port=80"], ["--port", "80"], ["-p=80"], ["-p", "80"], ["-p80"]]) {
    assertEquals(parseArgs(args, { string: "port", alias: { p: "port" } }).port, "80");
  }
});

Deno.test("parseArgs() types strings, booleans and defaults", () => {
  const flags = parseArgs(["--port", "80", "-h"], { ...options, default: { children: "15" } });
  const port: string | undefined = flags.port;
  const children: string = flags.children;
  const help: boolean = flags.help;
  const rest: (string | number)[] = flags._;
  assertEquals({ port, children, help, rest }, {
    port: "80",
    children: "15",
    help: true,
    rest: [],
  });
  assertEquals(flags, { port: "80", children: "15", json: false, help: true, h: true, _: [] });
});

Deno.test("parseArgs() leaves the argument after a boolean alone, unless it says true or false", () => {
  assertEquals(parseArgs(["--json", "fork"], options)._, ["fork"]);
  assertEquals(parseArgs(["--json", "false", "fork"], options).json, false);
  assertEquals(parseArgs(["--json=false"], options).json, false);
});

Deno.test("parseArgs() never takes a flag for a value", () => {
  const flags = parseArgs(["--port", "--json"], options);
  assertEquals([flags.port, flags.json], ["", true]);
  assertEquals(parseArgs(["--port"], options).port, "");
  assertEquals(parseArgs(["--port="], options).port, "");
  assertEquals(parseArgs(["--port", "-"], options), {
    port: "",
    json: false,
    help: false,
    h: false,
    _: ["-"],
  });
});

Deno.test("parseArgs() takes the last of several values, or collects them", () => {
  assertEquals(parseArgs(["--port=1", "--port=2"], options).port, "2");
  const flags = parseArgs(["--design", "a", "--design=b"], {
    string: ["design", "tag"],
    collect: ["design", "tag"],
  });
  const designs: string[] = flags.design;
  assertEquals([designs, flags.tag], [["a", "b"], []]);
});

Deno.test("parseArgs() negates only what is negatable", () => {
  const negatable = {
    boolean: ["pin", "json"],
    negatable: ["pin"],
    default: { pin: true },
  } as const;
  assertEquals(parseArgs(["--no-pin"], negatable).pin, false);
  assertEquals(parseArgs([], negatable).pin, true);
  assertEquals(parseArgs(["--no-json"], negatable)["no-json"], true);
});

Deno.test("parseArgs() makes numbers of numbers, unless they are to be strings", () => {
  assertEquals(parseArgs(["--rounds", "7", "8", "a"]), { rounds: 7, _: [8, "a"] });
  assertEquals<unknown>(parseArgs(["8"], { string: ["_"] })._, ["8"]);
});

Deno.test("parseArgs() asks `unknown` about unknown flags and other arguments", () => {
  const asked: unknown[] = [];
  const unknown = (...args: unknown[]) => {
    asked.push(args);
    return false;
  };
  const args = ["fork", "--port", "80", "-h", "--prot=80", "--bogus", "value", "-x", "--no-json"];
  assertEquals(parseArgs(args, { ...options, unknown })._, []);
  assertEquals(asked, [
    ["fork"],
    ["--prot=80", "prot", "80"],
    ["--bogus", "bogus", "value"],
    ["-x", "x", true],
    ["--no-json", "no-json", true],
  ]);
});

Deno.test("parseArgs() lets `unknown` throw", () => {
  const unknown = (arg: string) => {
    throw new RangeError(`no such flag: ${arg}`);
  };
  assertThrows(() => parseArgs(["--bogus"], { ...options, unknown }), RangeError, "--bogus");
});

Deno.test("parseArgs() keeps what follows `--`, and what follows the first argument", () => {
  assertEquals(parseArgs(["a", "--", "--json", "1"], options)._, ["a", "--json", "1"]);
  const flags = parseArgs(["a", "--", "--json"], { ...options, "--": true });
  const rest: string[] = flags["--"];
  assertEquals([flags._, rest], [["a"], ["--json"]]);
  assertEquals(parseArgs(["--json", "a", "--help"], { ...options, stopEarly: true })._, [
    "a",
    "--help",
  ]);
});
