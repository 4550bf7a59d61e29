import { assertEquals } from "@std/assert";
import { commands, herd } from "./herd.ts";

/** Runs the program in this process: its exit code, and what it prints to standard error. */
async function run(...args: Parameters<typeof herd>) {
  const lines: unknown[] = [];
  const { error } = console;
  console.error = (line) => lines.push(line);
  try {
    return { code: await herd(...args), lines };
  } finally {
    console.error = error;
  }
}

Deno.test("herd() refuses a command that it does not have", async () => {
  const names = Object.keys(commands).join(", ");
  const unknown = `herd: Unknown command "toString": write one of ${names}`;
  assertEquals(await run(["toString"]), { code: 2, lines: [unknown] });
  const missing = "herd: Missing command: write one, as herd help lists them";
  assertEquals(await run([]), { code: 2, lines: [missing] });
});

Deno.test("herd() names the command that was meant", async () => {
  const lines = ['herd: Unknown command "benhc": did you mean bench?'];
  assertEquals(await run(["benhc"]), { code: 2, lines });
});

Deno.test("herd() takes a module that is missing for a bug", async () => {
  const missing = "./commands/none.ts";
  const { code, lines: [line, ...more] } = await run(["bench"], {
    bench: () => import(missing),
  });
  assertEquals([code, more], [70, []]);
  const start = "bench: This is a bug in Herd: Module not found";
  assertEquals((line as string).slice(0, start.length), start);
});
