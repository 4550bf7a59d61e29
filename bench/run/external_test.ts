import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { isInstalled, presets } from "../../servers/external/presets.ts";
import { childrenOf, fileStatus } from "../../servers/posix/files.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { eventually, ProcessTree } from "../../servers/testing/process.ts";
import { startExternal } from "../agents/external.ts";
import { externalOf } from "../plan/externals.ts";
import { makePlan } from "../plan/plan.ts";
import type { External } from "../record/external.ts";
import { LIMITS, Trial } from "../record/record.ts";
import { type Planned, runTrial } from "./trial.ts";

const NEVER = new AbortController().signal;

/** Where servers are described. */
const place = { folder: "/", service: "http", readText: Deno.readTextFileSync } as const;

/** Node serves what clients ask for; `more` runs for each request, `first` at the start. */
const node = (more = "", first = "") => [
  "node",
  "-e",
  `console.log("{dir}"); let n = 0; ${first};
  require("node:http").createServer((q, r) => {
    n++; let code = 200, body = "A".repeat({bytes}); ${more};
    r.writeHead(code, { "Content-Length": body.length }); r.end(body);
  }).listen({port}, "127.0.0.1")`,
];

/** A shell that runs this in the place of a server. */
const shell = (script: string) => ["sh", "-c", `echo {dir} {port}; ${script}`];

/** Runs a trial of a server, and checks that nothing of it is left. */
async function trialOf(
  command: readonly string[],
  { limits = LIMITS, ...more }: Partial<External> & { limits?: typeof LIMITS } = {},
): Promise<Trial> {
  const tree = new ProcessTree();
  const { service = "http" } = more;
  const environment = { ...more.environment, ...tree.environment };
  const description = { name: "mine", command, ...more, environment };
  const load = { clients: 2, connections: 30, bytes: 300, service, children: 2 } as const;
  const externals = [externalOf(description, { ...place, service })];
  const plan = makePlan({ designs: [], externals, rounds: 1, seed: 1, ...load, limits });
  using output = new TemporaryFolder();
  const planned = plan.trials.find(({ design }) => design === externals[0]!.name)! as Planned;
  const trial = await runTrial(planned, plan, NEVER, output.path);
  assertEquals(Trial.parse(trial), trial);
  assertEquals(await tree.left(), []);
  for (const name of output.names) {
    const [dir] = Deno.readTextFileSync(`${output.path}/${name}`).split(/\s/);
    if (dir!.startsWith("/")) assertEquals(fileStatus(dir!), undefined, `${dir} is left`);
  }
  return trial;
}

Deno.test("runTrial() measures an external server and all its processes", async () => {
  // Two processes: a shell that waits, and the one that serves.
  const trial = await trialOf(["sh", "-c", '"$@"; exit', "sh", ...node()]);
  const { status, reason, parent, children, cpu, check, client, kernel } = trial;
  assertEquals([status, reason, client?.connections], ["ok", null, 60]);
  assertEquals([parent?.name, children.map(({ name }) => name)], ["sh", ["node"]]);
  const [child] = children;
  assertEquals([child?.connections, child?.requests], [null, null]);
  assertGreater(child!.threads!.find(({ name }) => name === "node")!.cpuSeconds, 0);
  assertGreater(child!.switches!.voluntary, 0);
  assertEquals(cpu?.total, parent!.cpu.total + child!.cpu.total);
  assert(Math.abs(check!.cpuSeconds - cpu!.total) < 0.01, "the two accounts differ");
  assert(kernel.passiveOpens === null || kernel.passiveOpens >= 60);
  assert(trial.memory!.peakBytes > 2 ** 20 && trial.pssBytes! > 2 ** 20);
});

Deno.test("runTrial() fails for an external server that ends, with what it printed last", async () => {
  const { status, reason, cpu } = await trialOf(shell("echo no luck >&2; exit 7"));
  assertEquals([status, reason], ["failed", "mine ended with code 7; it printed no luck"]);
  assertEquals(cpu, null);
});

const quick = { ...LIMITS, stop: 1 };

/** What can go wrong with a server, and the reason that a trial has then. */
const failures: readonly [what: string, trial: () => Promise<Trial>, reason: RegExp][] = [
  [
    "is not installed",
    () => trialOf(["no-such-program", "{port}"]),
    /^Cannot start mine: there is no program no-such-program in PATH$/,
  ],
  [
    "is no program",
    () => trialOf(["./passwd", "{port}"], { folder: "/etc" }),
    /^Cannot start mine: there is no program \.\/passwd in \/etc$/,
  ],
  [
    "never listens",
    () => trialOf(shell("sleep 100"), { limits: { ...LIMITS, start: 1 } }),
    /^mine did not listen at port \d+ within 1 s; it printed \/\S+ \d+$/,
  ],
  [
    "never says that it is ready",
    () => trialOf(node(), { readiness: "ready to serve", limits: { ...LIMITS, start: 5 } }),
    /^mine did not print "ready to serve" within 5 s; it printed /,
  ],
  [
    "goes into the background",
    () => trialOf(shell("sleep 100 & exit 0")),
    /^mine went into the background: have it stay in the foreground; it printed /,
  ],
  [
    "ends under load",
    () => trialOf(node("if (n === 220) process.exit(3)")),
    /^mine ended with code 3; it printed /,
  ],
  [
    "is killed under load",
    () => trialOf(node("if (n === 220) process.kill(process.pid, 'SIGKILL')")),
    /^mine was ended by signal 9; it printed /,
  ],
  [
    "ignores its stop signal",
    () => trialOf(node("", "process.on('SIGTERM', () => {})"), { limits: quick }),
    /^mine did not end within 1 s of SIGTERM and was killed$/,
  ],
  [
    "answers with an error",
    () => trialOf(node("if (n > 210) { code = 500; console.log('out of luck') }")),
    /^the clients had errors: \d+ × not an answer: "HTTP\/1\.1 500 .*; the server printed out of luck$/,
  ],
  [
    "answers too little",
    () => trialOf(node("if (n > 210) body = body.slice(1)")),
    /^the clients had errors: \d+ × short reply; /,
  ],
];

for (const [what, trial, expected] of failures) {
  Deno.test({
    name: `runTrial() fails for an external server that ${what}, and leaves nothing`,
    ignore: !isLong,
    fn: async () => {
      const { status, reason } = await trial();
      assertEquals(status, "failed");
      assertMatch(reason!, expected);
    },
  });
}

Deno.test({
  name: "runTrial() ends what an external server leaves behind, and counts what had ended",
  ignore: !isLong,
  fn: async () => {
    const left = "require('node:child_process').spawn('setsid', ['sleep', '100'])";
    assertEquals((await trialOf(node("", left))).reason, null);
    // A process for each request, which it waits for.
    const burn =
      "require('node:child_process').spawnSync('sh', ['-c', 'for i in 1 2 3 4 5; do :; done'])";
    const { status, switches, children, cpu, check } = await trialOf(node(burn));
    assertEquals([status, switches, children.at(-1)?.pid], ["ok", null, null]);
    assertGreater(children.at(-1)!.cpu.total, 0);
    assert(Math.abs(check!.cpuSeconds - cpu!.total) < 0.05 + 0.02 * cpu!.total);
  },
});

for (const killed of ["host", "guard"] as const) {
  Deno.test({
    name: `an external server ends with its killed ${killed}`,
    ignore: !isLong,
    fn: async () => {
      const tree = new ProcessTree();
      const command = ["sh", "-c", 'setsid sleep 100 & "$@"; exit', "sh", ...node()];
      const description = { name: "mine", command, environment: tree.environment };
      using output = new TemporaryFolder();
      const path = `${output.path}/log`;
      await using server = startExternal({
        external: externalOf(description, place),
        workers: 1,
        bytes: 1,
        output: path,
        limits: { start: 30, stop: 30 },
        cgroup: `herd-server-${crypto.randomUUID()}`,
        counters: "never",
        watchEnds: true,
      }, { session: "own", processors: null });
      const { pid } = await server.next("ready", 35);
      const dir = Deno.readTextFileSync(path).split("\n")[0]!;
      assert(fileStatus(dir));
      kill(killed === "host" ? pid : childrenOf(pid)[0]!, Signal.KILL);
      assertEquals(await tree.left(), []);
      await eventually("the end of its folder", () => fileStatus(dir) === undefined || undefined);
    },
  });
}

for (const [name, preset] of presets) {
  const { program, service, description } = preset;
  const isMissing = !isInstalled(preset);
  Deno.test({
    name: `the preset ${name} serves${isMissing ? ` (${program} is not installed)` : ""}`,
    ignore: !isLong || isMissing,
    fn: async () => {
      const { command, ...more } = externalOf(description, { ...place, service });
      const { status, reason, check, cpu } = await trialOf(command, more);
      assertEquals([status, reason], ["ok", null]);
      assert(Math.abs(check!.cpuSeconds - cpu!.total) < 0.02 + 0.02 * cpu!.total);
    },
  });
}
