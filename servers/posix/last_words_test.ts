import { assertEquals } from "@std/assert";
import { inChild } from "../testing/fork.ts";
import { fork } from "./fork.ts";
import { LastWords } from "./last_words.ts";
import { shareMemory } from "./memory.ts";
import { wait } from "./processes.ts";

Deno.test("LastWords are those of the process that died of an error", () => {
  const memory = shareMemory(2 * LastWords.BYTES).buffer;
  const words = new LastWords(memory, LastWords.BYTES);
  assertEquals([words.of(0), words.of(Deno.pid)], [undefined, undefined]);
  const pid = fork(() => words.say("ümlaut"));
  wait(pid);
  assertEquals([words.of(pid), words.of(0), words.of(pid + 1)], ["ümlaut", "ümlaut", undefined]);
  assertEquals(new LastWords(memory, 0).of(0), undefined);
});

Deno.test("LastWords are cut off where they do not fit, between two characters", () => {
  const words = new LastWords(shareMemory(LastWords.BYTES).buffer, 0);
  assertEquals(inChild(() => words.say("€".repeat(1000))).code, 0);
  assertEquals(words.of(0), "€".repeat(168));
});
