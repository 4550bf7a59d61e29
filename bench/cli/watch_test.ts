import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { LiveCounts } from "../../servers/host/account.ts";
import { ask, CONTROL_C, IN_TERMINAL, ServeProcess } from "../../servers/testing.ts";
import { viewLines } from "./watch.ts";

const look: LiveCounts = {
  connections: 30,
  cpu: 0.7,
  parentCpu: 0.1,
  children: [
    { index: 0, connections: 20, open: 1, cpu: 0.4 },
    { index: 1, connections: 10, open: 0, cpu: 0.2 },
    { index: 2, connections: 0, open: 0, cpu: 0 },
  ],
};

Deno.test("viewLines() draws a line a child, with bars against the busiest and the dearest", () => {
  assertEquals(viewLines(look, 1234.5, 46), [
    "30 clients, 1235 a second now; 0.700 s CPU, 0.100 of it the parent's",
    "",
    "child  now  clients             CPU s",
    "    0    1       20 ████████    0.400 ████████",
    "    1    ·       10 ████        0.200 ████",
    "    2    ·        0             0.000",
  ]);
});

Deno.test("viewLines() says nothing of a parent that serves itself, and fits a narrow terminal", () => {
  const [head, , ...lines] = viewLines({ ...look, parentCpu: null }, 0, 20);
  assertEquals(head, "30 clients, 0 a second now; 0.700 s CPU");
  assert(lines.every((line) => line.length <= 40));
});

/** Six lines up, and erase what is there: a head of three lines and three children. */
const IN_PLACE = "\x1b[6A\r\x1b[J";

/** What is drawn in half a minute. */
const MOST_LINES = 1000;

/** The next line that matches. */
async function readUntil(serve: ServeProcess, pattern: RegExp): Promise<RegExpMatchArray> {
  for (let count = 0; count < MOST_LINES; count++) {
    const found = (await serve.nextLine())?.match(pattern);
    if (found) return found;
  }
  throw new Error(`Cannot find ${pattern} in what serve prints`);
}

for (const design of ["prefork-shared-accept", "prethread-mutex"]) {
  Deno.test(`serve ${design} --watch redraws what its children do, until ^C`, async () => {
    const args = [design, "--children", "3", "--watch"];
    await using serve = new ServeProcess(args, IN_TERMINAL);
    const [, port] = await readUntil(serve, /ready: .* on 127\.0\.0\.1:(\d+) /);
    await readUntil(serve, /^0 clients, 0 a second now; /);
    for (let time = 1; time <= 5; time++) assertEquals(ask(Number(port), "7\n", 7).length, 7);
    const redrawn = await readUntil(serve, /^([^]*)5 clients, \d+ a second now; \d\.\d+ s CPU/);
    assertEquals(redrawn[1], IN_PLACE);
    await serve.tell(CONTROL_C);
    const { code, lines } = await serve.ended();
    assertEquals(code, 0);
    const report = lines.slice(lines.findLastIndex((line) => line.includes("CPU time: ")));
    assertMatch(report[0]!, /CPU time: \d\.\d+ s /);
    assertStringIncludes(report[0]!, IN_PLACE);
    assertStringIncludes(report.at(-1)!, "total         5");
    assertEquals(await serve.processesAfter(3), []);
  });
}

Deno.test("serve refuses to watch where there is no terminal, or nobody to look", async () => {
  for (const [args, word] of [[[], "terminal"], [["--json"], "--json"]] as const) {
    await using serve = new ServeProcess(["iterative", "--watch", ...args]);
    const { code, lines, stderr } = await serve.ended();
    assertEquals([code, lines], [2, []]);
    assertMatch(stderr, /^serve: Cannot watch .*\n$/);
    assertStringIncludes(stderr, word);
  }
});
