import { assertEquals } from "@std/assert";
import { shellWord } from "./paths.ts";

Deno.test("shellWord() is a path that a shell reads as that path", () => {
  for (
    const path of ["results/mine", "/tmp/a b", "it's", "#1", "~", "$HOME", "a;b&c", "[é]*?", ""]
  ) {
    const args = ["-c", `printf %s ${shellWord(path)}`];
    const { stdout } = new Deno.Command("/bin/sh", { args }).outputSync();
    assertEquals(new TextDecoder().decode(stdout), path);
  }
  assertEquals(shellWord("results/2026-11-28T04-20-19Z"), "results/2026-11-28T04-20-19Z");
});
