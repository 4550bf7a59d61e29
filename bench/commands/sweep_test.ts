/** The sweep as a user meets it, with the permissions of its task. */
import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { runTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";
import { assertRefused, runHere } from "../testing.ts";

const mistakes: readonly [args: string[], ...words: string[]][] = [
  [["--children", "15,30,15"], "--children 15 twice"],
  [["--children", "15,"], '--children must be a whole number, 1 to 1000, not ""'],
  [["--children", "0,15"], "--children must be 1 to 1000, not 0"],
  [["--children", "15,1001"], "--children must be 1 to 1000, not 1001"],
  [["--think=-1,5"], "--think must be 0 to 60000 milliseconds, not -1"],
  [["--children"], "--children LIST"],
  [["--children", "15,30", "--bytes", "1,4000"], "--children and --bytes", "single value"],
  [["--children", "15", "--clients", "20"], "Nothing is varied", "--children 15,30,60"],
  [["--designs", "fork-per-client,prefork-mutex"], "fork-per-client, which has no pool"],
  [["--designs", "slaunch"], "slaunch, which has no pool of that size"],
  [["--clients", "1,2", "--designs", "iterative"], "iterative", "--designs"],
  [["--designs", "prefork"], 'Unknown design "prefork"'],
  [["--designs", "!prefork-*"], "No design is left"],
  [["--children", "2,4", "--external", "a=b {port}"], "a, which is not told them", "{workers}"],
  [["children"], '"children"', "--designs"],
  [["--resume", "results/x", "--children", "15,30"], "leave out --children"],
];

for (const [args, ...words] of mistakes) {
  Deno.test(`sweep refuses ${args.join(" ")} and writes nothing`, async () => {
    using folder = new TemporaryFolder();
    const output = args.includes("--resume") ? [] : ["--output", `${folder.path}/run`];
    assertRefused(await runHere("sweep", ...args, ...output), 2, ...words);
    assertEquals(folder.names, []);
  });
}

Deno.test({
  name: "sweep runs an external server at every value (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const server = `mine=node -e 'console.log({workers}); require("node:http").createServer(` +
      `(_, reply) => reply.end("A".repeat({bytes}))).listen({port}, "127.0.0.1")'`;
    const load = ["--service", "http", "--clients", "2", "--connections", "5", "--rounds", "1"];
    const which = ["--designs", "iterative", "--external", server, "--children", "2,4"];
    const { code, stderr } = await runTask("sweep", ...which, ...load, "--output", folder.path);
    assertEquals(code, 0, stderr);
    const { trials } = readRecord(folder.path);
    const sizes = trials.filter(({ design }) => design === "mine").map(({ poolSize }) => poolSize);
    assertEquals(sizes.toSorted(), [2, 4]);
  },
});

Deno.test("sweep runs every value, records and prints; tables gives the same again", async () => {
  using folder = new TemporaryFolder();
  const load = ["--clients", "2", "--connections", "15", "--bytes", "10"];
  const args = ["--designs", "prefork-mutex", "--rounds", "1", ...load];
  const sweep = await runTask("sweep", "--children", "4,2", ...args, "--output", folder.path);
  assertEquals(sweep.code, 0, sweep.stderr);
  for (const name of ["iterative  ", "prefork-mutex children=4", "prefork-mutex children=2"]) {
    assertMatch(sweep.stderr, new RegExp(`^round 1/1  ${name} .* connections/s$`, "m"));
  }
  assertMatch(sweep.stdout, /^ +4 +prefork-mutex +4 +1 .*\n +4 +prefork-mutex +2 +1 /m);

  const { run, trials } = readRecord(folder.path);
  assertEquals(run.plan.sweep, { parameter: "children", values: [4, 2] });
  for (const { design, poolSize, load, children, status } of trials) {
    const isBaseline = design === "iterative";
    assertEquals([status, children.length], ["ok", isBaseline ? 1 : poolSize]);
    const { clients, connections, bytes } = load;
    assertEquals([clients, connections, bytes], isBaseline ? [1, 30, 10] : [2, 15, 10]);
  }
  const derived = ["report.html", "sweep.csv", "sweep.md", "sweep.svg"];
  assertEquals(folder.names, [...derived, "run.json", "trials.jsonl"].toSorted());
  const contents = () => derived.map((name) => Deno.readTextFileSync(`${folder.path}/${name}`));
  const before = contents();
  for (const name of derived) Deno.removeSync(`${folder.path}/${name}`);
  const tables = await runTask("tables", folder.path);
  assertEquals([tables.code, tables.stderr], [0, ""]);
  assertEquals(tables.stdout.trim(), sweep.stdout.split("Report: ")[0]!.trim());
  assertEquals(contents(), before);
});
