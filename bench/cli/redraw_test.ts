import { assertEquals } from "@std/assert";
import { Redrawn } from "./redraw.ts";

const ESCAPE = "\u001b";
const PARTS = new RegExp(`${ESCAPE}\\[\\d*[AJ]|\\r|\\n|[^${ESCAPE}\\r\\n]+`, "g");

/** A terminal that knows the two escape codes that are used, and what it shows. */
class Screen {
  #lines = [""];

  constructor(readonly columns = 80, readonly rows = 24) {}

  size(): { columns: number; rows: number } {
    return this;
  }

  write(text: string): void {
    for (const [part] of text.matchAll(PARTS)) {
      if (part === "\n") this.#lines.push("");
      else if (part.endsWith("A")) this.#lines.length -= parseInt(part.slice(2));
      else if (part.endsWith("J")) this.#lines[this.#lines.length - 1] = "";
      else if (part !== "\r") this.#lines[this.#lines.length - 1] += part;
    }
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}

Deno.test("Redrawn.draw() puts lines in place of the last ones, however many they were", () => {
  const screen = new Screen();
  screen.write("before\n");
  const redrawn = new Redrawn(screen);
  redrawn.draw(["one", "two", "three"]);
  assertEquals(screen.text, "before\none\ntwo\nthree\n");
  redrawn.draw(["four"]);
  assertEquals(screen.text, "before\nfour\n");
  redrawn.draw(["five", "six"]);
  assertEquals(screen.text, "before\nfive\nsix\n");
});

Deno.test("Redrawn.draw() cuts off what would be wrapped, or scroll away", () => {
  const screen = new Screen(6, 3);
  const redrawn = new Redrawn(screen);
  for (let time = 1; time <= 2; time++) {
    redrawn.draw(["123456789", "ÄÖÜ", "last"]);
    assertEquals(screen.text, "12345\nÄÖÜ\n");
  }
});

Deno.test("Redrawn.print() leaves a line above", () => {
  const screen = new Screen();
  const redrawn = new Redrawn(screen);
  redrawn.draw(["bar"]);
  redrawn.print("failed");
  redrawn.draw(["bar 2"]);
  assertEquals(screen.text, "failed\nbar 2\n");
});

Deno.test("Redrawn takes its lines away at the end", () => {
  const screen = new Screen();
  {
    using redrawn = new Redrawn(screen);
    redrawn.draw(["bar", "last"]);
    redrawn.print("stays");
    redrawn.draw(["bar"]);
  }
  screen.write("done");
  assertEquals(screen.text, "stays\ndone");
});
