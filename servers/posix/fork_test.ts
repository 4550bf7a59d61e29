import { assertEquals, assertMatch } from "@std/assert";
import { closing, evaluate, inChild, waitFor } from "../testing.ts";
import { fork, forkAgain, pretend, probeFork, requireFork } from "./fork.ts";
import { wait } from "./processes.ts";
import { pipe, read, write } from "./sockets.ts";

Deno.test("probeFork() and requireFork() find that fork works", () => {
  assertEquals(probeFork(), { works: true, attempts: 1, reason: null });
  requireFork();
});

/** Allocates so many objects, all alive at the end, and adds up what they hold. */
function allocate(count: number): number {
  const objects = Array.from({ length: count }, (_, i) => ({ name: `object ${i}`, i }));
  return objects.reduce((sum, { name, i }) => sum + name.length - `object ${i}`.length + i, 0);
}

Deno.test("fork() makes children that allocate and collect, 100 of them", () => {
  // In rounds, so that they do not need all their memory at once.
  for (let round = 0; round < 5; round++) {
    const codes = Array.from({ length: 20 }, (_, i) => 20 * round + i);
    const pids = codes.map((code) => fork(() => allocate(60_000) === 1_799_970_000 ? code : 255));
    assertEquals(pids.map((pid) => waitFor(pid).code), codes);
  }
});

Deno.test("fork() passes on what was allocated after an earlier fork", () => {
  for (let round = 1; round <= 5; round++) {
    const objects = Array.from({ length: 50_000 * round }, (_, i) => ({ i }));
    const sum = () => objects.reduce((sum, { i }) => sum + i, 0);
    const expected = sum();
    assertEquals(inChild(() => sum() === expected ? round : 0).code, round);
  }
});

Deno.test("fork() makes children that use the language whole", () => {
  const { code } = inChild(() => {
    const parsed = JSON.parse(JSON.stringify({ list: [1, 2, 3], text: "ü→" }));
    const words = [..."a1b22".matchAll(/[a-z](?<digits>\d+)/g)].map(({ groups }) => groups!.digits);
    const number = new Intl.NumberFormat("en").format(1234567.5);
    const sorted = Object.keys(Object.groupBy([..."hello"], (letter) => letter)).toSorted();
    return parsed.text === "ü→" && words.join() === "1,22" && number === "1,234,567.5" &&
        sorted.join("") === "ehlo" && 2n ** 70n > 2 ** 69
      ? 42
      : 1;
  });
  assertEquals(code, 42);
});

Deno.test("forkAgain() makes children of children", () => {
  const generation = (depth: number): number =>
    depth === 0 ? 42 : wait(forkAgain(() => generation(depth - 1)))?.code ?? 1;
  assertEquals(inChild(() => generation(5)).code, 42);
});

Deno.test("forkAgain() makes many children, whatever the process has allocated between", () => {
  const { code } = inChild(() => {
    const kept: object[] = [];
    for (let i = 0; i < 50; i++) {
      for (let n = 0; n < 1000; n++) kept.push({ n });
      const end = wait(forkAgain(() => kept.length / 1000 === i + 1 ? i : 255));
      if (end?.code !== i) return 1;
    }
    return 42;
  });
  assertEquals(code, 42);
});

Deno.test("fork() and forkAgain() end with code 0 where the body returns nothing", () => {
  assertEquals(inChild(() => {}).code, 0);
  assertEquals(inChild(() => wait(forkAgain(() => {}))!.code! + 42).code, 42);
});

Deno.test("fork() and forkAgain() end with code 1 after an error, and say it", async () => {
  const { code, stdout, stderr } = await evaluate(`
    import { fork, forkAgain } from "./posix/fork.ts";
    import { wait } from "./posix/processes.ts";
    const boom = () => { throw new Error("boom"); };
    console.log(wait(fork(boom)).code, wait(fork(() => 40 + wait(forkAgain(boom)).code)).code);
  `);
  assertEquals({ code, stdout }, { code: 0, stdout: "1 41\n" });
  assertMatch(stderr, /^(herd\[\d+\]: boom\n){2}$/);
});

Deno.test("pretend() has forkAgain() do here what a child would do, or what its parent would", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const say = (byte: number) => forkAgain(() => void write(input, new Uint8Array([byte]), 1));
  const pids: number[] = [];
  pretend(0, () => pids.push(say(1), say(2)));
  pretend(1, () => pids.push(say(3)));
  assertEquals(pids, [0, 0, 1]);
  const bytes = new Uint8Array(9);
  assertEquals(bytes.subarray(0, read(output, bytes)), new Uint8Array([1, 2]));
});

Deno.test("forkAgain() forks for real after a rehearsal, also one that failed", () => {
  const { code } = inChild(() => {
    pretend(0, () => forkAgain(() => {}));
    try {
      pretend(0, () => {
        throw new Error("boom");
      });
    } catch {
      return wait(forkAgain(() => 42))?.code ?? 1;
    }
  });
  assertEquals(code, 42);
});
