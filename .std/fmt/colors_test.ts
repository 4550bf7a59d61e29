import { assertEquals } from "@std/assert";
import { bold, dim, red, stripAnsiCode } from "@std/fmt/colors";

Deno.test("styles are the codes of ECMA-48, unless NO_COLOR is set", () => {
  const expected = ["\x1b[1mherd\x1b[22m", "\x1b[2mherd\x1b[22m", "\x1b[31mherd\x1b[39m"];
  const styled = [bold, dim, red].map((style) => style("herd"));
  assertEquals(styled, Deno.noColor ? ["herd", "herd", "herd"] : expected);
});

Deno.test("NO_COLOR turns styles off", async () => {
  const program = `import { red } from "${import.meta.resolve("./colors.ts")}"; ` +
    'Deno.stdout.writeSync(new TextEncoder().encode(red("herd")));';
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `data:application/typescript,${encodeURIComponent(program)}`],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "herd");
});

Deno.test("stripAnsiCode() removes escape codes", () => {
  assertEquals(stripAnsiCode("\x1b[31mred\x1b[39m and \x1b[1mbold\x1b[22m"), "red and bold");
});
