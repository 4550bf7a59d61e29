import { assertEquals, assertMatch } from "@std/assert";
import { closing, evaluate, inChild, waitFor } from "../testing/fork.ts";
import { isLong } from "../testing/long.ts";
import { pipe } from "./descriptors.ts";
import { fork, forkAgain, probeFork, requireFork, simulateForks } from "./fork.ts";
import { read, write } from "./io.ts";
import { wait } from "./processes.ts";

Deno.test("probeFork() and requireFork() find that fork works", () => {
  assertEquals(probeFork(), { works: true, attempts: 1, reason: null });
  requireFork();
});

for (
  const [call, refused] of Object.entries({
    "madvise(MADV_DOFORK) failed with EPERM, so a forked child was terminated by signal 11":
      'refuse("madvise", 1, [2, 11])',
    "fork failed with ENOSYS": 'refuse("clone", 38)',
  })
) {
  Deno.test(`probeFork() says that ${call}`, async () => {
    const { stdout } = await evaluate(`
      import { probeFork, requireFork } from "./posix/fork.ts";
      import { refuse } from "./posix/testing_seccomp.ts";
      ${refused};
      console.log(JSON.stringify(probeFork()));
      try {
        requireFork();
      } catch ({ exitCode, message }) {
        console.log(exitCode, message);
      }
    `);
    const [probe, thrown] = stdout.split("\n");
    assertEquals(JSON.parse(probe!), { works: false, attempts: 2, reason: call });
    assertEquals(
      thrown,
      `4 Cannot fork a Deno process here: ${call}; designs made of Workers need no fork`,
    );
  });
}

/** Allocates `count` live objects and returns a sum over their contents. */
function allocate(count: number): number {
  const objects = Array.from({ length: count }, (_, i) => ({ name: `object ${i}`, i }));
  return objects.reduce((sum, { name, i }) => sum + name.length - `object ${i}`.length + i, 0);
}

Deno.test("fork() makes children that allocate and collect garbage", () => {
  // In rounds, to limit the memory in use.
  for (let round = 0; round < (isLong ? 10 : 1); round++) {
    const codes = Array.from({ length: 10 }, (_, i) => 10 * round + i);
    const pids = codes.map((code) => fork(() => allocate(60_000) === 1_799_970_000 ? code : 255));
    assertEquals(pids.map((pid) => waitFor(pid).code), codes);
  }
});

Deno.test("fork() copies memory that was allocated after an earlier fork", () => {
  for (let round = 1; round <= 3; round++) {
    const objects = Array.from({ length: 50_000 * round }, (_, i) => ({ i }));
    const sum = () => objects.reduce((sum, { i }) => sum + i, 0);
    const expected = sum();
    assertEquals(inChild(() => sum() === expected ? round : 0).code, round);
  }
});

Deno.test("fork() gives children the whole language", () => {
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

Deno.test("forkAgain() forks many times, with allocations in between", () => {
  const { code } = inChild(() => {
    const kept: object[] = [];
    for (let i = 0; i < (isLong ? 100 : 15); i++) {
      for (let n = 0; n < 1000; n++) kept.push({ n });
      const end = wait(forkAgain(() => kept.length / 1000 === i + 1 ? i : 255));
      if (end?.code !== i) return 1;
    }
    return 42;
  });
  assertEquals(code, 42);
});

Deno.test("fork() and forkAgain() exit with 0 if the body returns nothing", () => {
  assertEquals(inChild(() => {}).code, 0);
  assertEquals(inChild(() => wait(forkAgain(() => {}))!.code! + 42).code, 42);
});

Deno.test("fork() and forkAgain() exit with 1 after an error and print it", async () => {
  const { code, stdout, stderr } = await evaluate(`
    import { fork, forkAgain } from "./posix/fork.ts";
    import { wait } from "./posix/processes.ts";
    const boom = () => { throw new Error("boom"); };
    console.log(wait(fork(boom)).code, wait(fork(() => 40 + wait(forkAgain(boom)).code)).code);
  `);
  assertEquals({ code, stdout }, { code: 0, stdout: "1 41\n" });
  assertMatch(stderr, /^(herd\[\d+\]: boom \(.*:4\)\n){2}$/);
});

Deno.test("simulateForks() makes forkAgain() run the child's or the parent's side without forking", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const say = (byte: number) => forkAgain(() => void write(input, new Uint8Array([byte]), 1));
  const pids: number[] = [];
  simulateForks(0, () => pids.push(say(1), say(2)));
  simulateForks(1, () => pids.push(say(3)));
  assertEquals(pids, [0, 0, 1]);
  const bytes = new Uint8Array(9);
  assertEquals(bytes.subarray(0, read(output, bytes)), new Uint8Array([1, 2]));
});

Deno.test("forkAgain() forks again after simulateForks(), even after one that threw", () => {
  const { code } = inChild(() => {
    simulateForks(0, () => forkAgain(() => {}));
    try {
      simulateForks(0, () => {
        throw new Error("boom");
      });
    } catch {
      return wait(forkAgain(() => 42))?.code ?? 1;
    }
  });
  assertEquals(code, 42);
});
