import { assertEquals } from "@std/assert";
import { wordsOf } from "./words.ts";

Deno.test("wordsOf() splits as a shell does", () => {
  for (
    const [line, ...words] of [
      ["node server.js {port}", "node", "server.js", "{port}"],
      ["  a\t b \n", "a", "b"],
      ["sh -c 'a | b; \"c\"'", "sh", "-c", 'a | b; "c"'],
      ["a\"b c\"d'e f'", "ab cde f"],
      ["\"\" ''", "", ""],
      ['a\\ b "\\"\\$x\\n" \'\\\'', "a b", '"$x\\n', "\\"],
      ["$HOME *.js", "$HOME", "*.js"],
      [""],
    ] as const
  ) assertEquals(wordsOf(line), words, line);
});

Deno.test("wordsOf() finds an open quote", () => {
  for (const line of ["a 'b", 'a "b', '"a\\"', "a\\"]) assertEquals(wordsOf(line), undefined, line);
});
