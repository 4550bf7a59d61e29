import { assertEquals } from "@std/assert";
import * as colors from "@std/fmt/colors";

const {
  bold,
  cyan,
  dim,
  getColorEnabled,
  gray,
  green,
  red,
  setColorEnabled,
  stripAnsiCode,
  yellow,
} = colors;

Deno.test("a style is applied when colors are enabled, and only then", () => {
  const before = getColorEnabled();
  try {
    for (const style of [bold, cyan, dim, gray, green, red, yellow]) {
      setColorEnabled(true);
      assertEquals(style("herd") !== "herd", getColorEnabled());
      assertEquals(stripAnsiCode(style("herd")), "herd");
      setColorEnabled(false);
      assertEquals(style("herd"), "herd");
    }
  } finally {
    setColorEnabled(before);
  }
});

Deno.test("setColorEnabled() cannot override NO_COLOR", () => {
  const before = getColorEnabled();
  setColorEnabled(true);
  assertEquals(getColorEnabled(), !Deno.noColor);
  setColorEnabled(before);
});

Deno.test("stripAnsiCode() removes escape codes", () => {
  assertEquals(stripAnsiCode("\x1b[31mred\x1b[39m and \x1b[1mbold\x1b[22m"), "red and bold");
});
