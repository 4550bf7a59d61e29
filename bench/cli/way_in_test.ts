import { assertEquals } from "@std/assert";
import { asWrittenHere, existingHere } from "./way_in.ts";

Deno.test("asWrittenHere() names commands as one writes them where Herd was installed", () => {
  const text = "write deno task serve DESIGN";
  assertEquals(asWrittenHere(text, false), text);
  assertEquals(asWrittenHere(text, true), "write herd serve DESIGN");
});

Deno.test("existingHere() leaves out commands that write into a checkout where there is none", () => {
  const commands = { bench: 1, docs: 2, schema: 3 };
  assertEquals(existingHere(commands, false), commands);
  assertEquals(existingHere(commands, true), { bench: 1 });
});
