import { assertEquals, assertLess } from "@std/assert";
import { evaluate, inChild } from "../testing/fork.ts";
import { Errno } from "./errors.ts";
import { isLong } from "../testing/long.ts";
import { forkAgain } from "./fork.ts";
import { wait } from "./processes.ts";
import { rebase } from "./rebase.ts";

const isTried = Deno.build.arch === "x86_64";

/** Allocates until garbage was collected several times; returns the sum of the live objects. */
function churn(): number {
  const kept: { i: number }[] = [];
  for (let i = 0; i < 100_000; i++) {
    const object = { i, text: `object ${i}` };
    if (i % 100 === 0) kept.push(object);
  }
  return kept.reduce((sum, { i }) => sum + i, 0);
}

const CHURNED = 49_950_000;

Deno.test("rebase() returns 0 where it replaced memory", () => {
  assertEquals(inChild(() => rebase()).code, isTried ? 0 : Errno.ENOSYS);
});

Deno.test({
  name: "rebase() returns the error that keeps it from replacing memory",
  ignore: !isTried,
  async fn() {
    const { stdout } = await evaluate(
      `
      import { rebase, rebaseFailure } from "./posix/rebase.ts";
      const taken = [];
      let error = 0;
      try {
        for (;;) taken.push(Deno.openSync("/dev/null"));
      } catch {
        error = rebase();
      }
      for (const file of taken) file.close();
      console.log(rebaseFailure(error));
    `,
      ["/bin/sh", "-c", 'ulimit -n 100; exec "$@"', "sh"],
    );
    assertEquals(stdout, "the memory of the server process could not be copied: EMFILE\n");
  },
});

Deno.test({
  name: "rebase() leaves little written memory",
  ignore: !isTried,
  async fn() {
    // In a process such as serves: that of the tests has a heap which rebase() leaves alone.
    const { stdout } = await evaluate(`
      import { readText } from "./posix/files.ts";
      import { rebase } from "./posix/rebase.ts";
      const written = () =>
        [...readText("/proc/self/smaps").matchAll(/^Anonymous: +([0-9]+) kB$/gm)]
          .reduce((sum, [, size]) => sum + Number(size), 0);
      const before = written();
      rebase();
      console.log(JSON.stringify([before, written()]));
    `);
    const [before, after] = JSON.parse(stdout);
    assertLess(after, before / 2);
  },
});

Deno.test("rebase() keeps all contents, even if repeated", () => {
  const { code } = inChild(() => {
    const objects = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `${i}` }));
    const bytes = new Uint8Array(1_000_000).map((_, i) => i);
    for (let round = 0; round < 3; round++) {
      rebase();
      if (!objects.every(({ i, text }, at) => i === at && text === `${at}`)) return 1;
      if (!bytes.every((byte, at) => byte === at % 256)) return 2;
      if (churn() !== CHURNED) return 3;
    }
    return 42;
  });
  assertEquals(code, 42);
});

Deno.test("rebase() leaves children that allocate and collect garbage", () => {
  const { code } = inChild(() => {
    let own = 0;
    for (let round = 0; round < 2; round++) {
      rebase();
      for (let child = 0; child < (isLong ? 3 : 1); child++) {
        own = churn();
        const end = wait(forkAgain(() => {
          own = 0;
          return churn() === CHURNED ? 42 : 1;
        }));
        if (end?.code !== 42 || own !== CHURNED) return 1;
      }
    }
    return 42;
  });
  assertEquals(code, 42);
});

Deno.test("rebase() works in any state of V8", () => {
  // V8 may be about to collect garbage or to optimize a function.
  for (let calls = 0; calls < 600; calls += isLong ? 50 : 200) {
    const { code } = inChild(() => {
      const add = (sum: number, i: number) => sum + i;
      let sum = 0;
      for (let i = 0; i < calls; i++) sum = add(sum, i);
      rebase();
      for (let i = calls; i < 2000; i++) sum = add(sum, i);
      return sum === 1_999_000 ? 42 : 1;
    });
    assertEquals(code, 42, `after ${calls} calls`);
  }
});
