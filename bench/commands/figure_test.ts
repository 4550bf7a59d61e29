/** The figures of who holds which descriptor, as the command draws them. */
import { isLong } from "../../servers/testing/long.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

/** Cells of the table that `figure` prints, by the name of the row; a dash is null. */
function cellsOf(stdout: string): Map<string, (number | null)[]> {
  const rows = stdout.matchAll(/^(listening socket|stream pipe \d+|process)((?: +(?:\d+|–))+)$/gm);
  return new Map([...rows].map(([, name, cells]) => [
    name!,
    cells!.trim().split(/ +/).map((cell) => cell === "–" ? null : Number(cell)),
  ]));
}

/** Runs the command, which leaves nothing behind. */
async function figure(...args: string[]): Promise<Map<string, (number | null)[]>> {
  await using task = new RunningTask("figure", args);
  const { code, stdout, stderr } = await task.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(await task.left(), []);
  return cellsOf(stdout);
}

Deno.test("figure shows and draws one listener that all have (figure 30.2)", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/figure.svg`;
  const rows = await figure("prefork-shared-accept", "--output", path);
  assertEquals([...rows.keys()], ["listening socket", "process"]);
  const [listener, pids] = [rows.get("listening socket")!, rows.get("process")!];
  assertEquals([listener.length, new Set(listener).size], [4, 1]);
  assertEquals(new Set(pids).size, 4);
  const svg = Deno.readTextFileSync(path);
  assertMatch(
    svg,
    /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*role="img">\n<title>[^<]*<\/title>/,
  );
  assertEquals(svg.match(/<line /g)?.length, 4);
  for (const name of ["parent", "listening socket", "child 0", "child 2"]) {
    assertStringIncludes(svg, `>${name}</text>`);
  }
});

Deno.test("figure prefork-fd-passing shows a stream pipe a child (figures 30.3 and 30.4)", async () => {
  const rows = await figure("prefork-fd-passing", "--children", "2");
  const held = [...rows].map(([name, cells]) => [name, cells.map((cell) => cell !== null)]);
  assertEquals(held, [
    ["listening socket", [true, false, false]],
    ["stream pipe 0", [true, true, false]],
    ["stream pipe 1", [true, false, true]],
    ["process", [true, true, true]],
  ]);
});

Deno.test({
  name: "figure prethread-mutex shows the one process of all threads",
  ignore: !isLong,
  fn: async () => {
    assertEquals((await figure("prethread-mutex")).get("process")!.length, 1);
  },
});

Deno.test("figure refuses what it cannot draw, or write", async () => {
  assertRefused(await runHere("figure"), 2, "Missing design");
  assertRefused(await runHere("figure", "prefork"), 2, '"prefork"');
  assertRefused(await runHere("figure", "door"), 2, "door");
  // What it found it has printed.
  const outcome = await runTask("figure", "iterative", "--output", "/proc/x.svg");
  assertEquals(outcome.code, 2, outcome.stderr);
  assertStringIncludes(outcome.stderr, "/proc/x.svg");
  assertStringIncludes(outcome.stdout, "listening socket");
});
