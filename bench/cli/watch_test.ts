import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { LiveCounts } from "../../servers/host/account.ts";
import { ask } from "../../servers/testing/client.ts";
import { commandLineOf } from "../../servers/testing/task.ts";
import { CONTROL_C, OnTerminal } from "../../servers/testing/terminal.ts";
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

Deno.test("viewLines() draws a line for each child, with bars relative to the maximum", () => {
  assertEquals(viewLines(look, 1234.5, 46), [
    "30 clients, 1235 a second now; 0.700 s CPU, 0.100 of it the parent's",
    "",
    "child  now  clients             CPU s",
    "    0    1       20 ████████    0.400 ████████",
    "    1    ·       10 ████        0.200 ████",
    "    2    ·        0             0.000",
  ]);
});

Deno.test("viewLines() leaves out a parent that serves itself, and fits a narrow terminal", () => {
  const [head, , ...lines] = viewLines({ ...look, parentCpu: null }, 0, 20);
  assertEquals(head, "30 clients, 0 a second now; 0.700 s CPU");
  assert(lines.every((line) => line.length <= 40));
});

/** Six lines up, and erase: a head of three lines and three children. */
const IN_PLACE = "\x1b[6A\r\x1b[J";

for (const design of ["prefork-shared-accept", "prethread-mutex"]) {
  Deno.test(`serve ${design} --watch redraws what its children do, until ^C`, async () => {
    const args = [design, "--children", "3", "--watch"];
    await using serve = new OnTerminal(commandLineOf("serve", args));
    const [, port] = await serve.until(/ready: .* on 127\.0\.0\.1:(\d+) /);
    await serve.until(/\n0 clients, 0 a second now; /);
    for (let time = 1; time <= 5; time++) assertEquals(ask(Number(port), "7\n", 7).length, 7);
    const redrawn = await serve.until(/\n([^\n]*)5 clients, \d+ a second now; \d\.\d+ s CPU/);
    assertEquals(redrawn[1], IN_PLACE);
    serve.type(CONTROL_C);
    assertEquals(await serve.ended(), 0);
    const report = serve.lines.slice(
      serve.lines.findLastIndex((line) => line.includes("CPU time: ")),
    );
    assertMatch(report[0]!, /CPU time: \d\.\d+ s /);
    assertStringIncludes(report[0]!, IN_PLACE);
    assertStringIncludes(report.at(-2)!, "total         5");
    assertEquals(await serve.left(), []);
  });
}
