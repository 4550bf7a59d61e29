/** The house: who may know whom, and who may name what. */
import { assert, assertEquals } from "@std/assert";
import { V8_FLAGS } from "../servers/children/v8_flags.ts";
import config from "../deno.json" with { type: "json" };

const ROOT = new URL("..", import.meta.url);
const TOP = ["bench", "clients", "servers"];

/**
 * The rooms, each a file or a folder with all that is not a room of its own in it, and the rooms it may import
 * from. Whatever it may import from stands above it, so that there is no circle.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  // What is measured.
  "servers/errors.ts": [],
  "servers/nearest.ts": ["servers/errors.ts"],
  "servers/posix": ["servers/errors.ts"],
  "servers/random.ts": [],
  "servers/sessions.ts": [],
  "servers/design.ts": ["servers/sessions.ts"],
  "servers/locks": ["servers/posix", "servers/design.ts"],
  "servers/service": [
    "servers/posix",
    "servers/random.ts",
    "servers/sessions.ts",
    "servers/design.ts",
  ],
  "servers/ipc/door": ["servers/errors.ts", "servers/posix"],
  "servers/ipc/channel": ["servers/posix", "servers/locks"],
  "servers/transports": [
    "servers/errors.ts",
    "servers/posix",
    "servers/design.ts",
    "servers/ipc/door",
    "servers/ipc/channel",
  ],
  "servers/events": ["servers/posix", "servers/sessions.ts"],
  "servers/listings": [
    "servers/posix",
    "servers/sessions.ts",
    "servers/design.ts",
    "servers/events",
    "servers/service",
    "servers/ipc/door",
    "servers/ipc/channel",
  ],
  "servers/designs.ts": ["servers/nearest.ts", "servers/design.ts", "servers/listings"],
  "servers/children": [
    "servers/posix",
    "servers/sessions.ts",
    "servers/design.ts",
    "servers/locks",
    "servers/service",
    "servers/ipc/door",
  ],
  "servers/sserver": [
    "servers/errors.ts",
    "servers/posix",
    "servers/sessions.ts",
    "servers/events",
    "servers/children",
    "servers/service",
    "servers/transports",
  ],
  "servers/host": [
    "servers/errors.ts",
    "servers/posix",
    "servers/design.ts",
    "servers/designs.ts",
    "servers/children",
    "servers/transports",
  ],
  "servers/external": [
    "servers/errors.ts",
    "servers/posix",
    "servers/design.ts",
    "servers/transports",
    "servers/host",
  ],
  // What loads it.
  "clients": [
    "servers/errors.ts",
    "servers/posix",
    "servers/random.ts",
    "servers/design.ts",
    "servers/transports",
    "servers/host",
  ],
  // What measures: the data flows from plan to report.
  "bench/record": ["clients", "servers"],
  "bench/statistics": [],
  "bench/machine": ["bench/record", "servers"],
  "bench/plan": ["bench/record", "clients", "servers"],
  "bench/agents": ["bench/machine", "bench/record", "clients", "servers"],
  "bench/run": [
    "bench/agents",
    "bench/machine",
    "bench/plan",
    "bench/record",
    "bench/statistics",

    "servers",
  ],
  "bench/compare": ["bench/run", "bench/plan", "bench/record", "bench/statistics", "servers"],
  "bench/report/summary": [
    "bench/compare",
    "bench/plan",
    "bench/record",
    "bench/statistics",
    "clients",
    "servers",
  ],
  "bench/report/tables": [
    "bench/compare",
    "bench/record",
    "bench/report/summary",
    "bench/statistics",
    "servers",
  ],
  "bench/report/charts": [
    "bench/compare",
    "bench/report/summary",
    "bench/report/tables",
    "servers",
  ],
  "bench/report/html": [
    "bench/plan",
    "bench/report/charts",
    "bench/report/summary",
    "bench/report/tables",
    "servers",
  ],
  "bench/report": [
    "bench/machine",
    "bench/record",
    "bench/report/charts",
    "bench/report/html",
    "bench/report/summary",
    "bench/report/tables",
  ],
  "bench/api.ts": [
    "bench/agents",
    "bench/plan",
    "bench/record",
    "bench/report",
    "bench/run",
    "clients",
    "servers",
  ],
  "bench/doctor": [
    "bench/machine",
    "bench/plan",
    "bench/record",
    "bench/report/summary",
    "bench/run",
    "servers",
  ],
  // The skin.
  "bench/cli": [
    "bench/agents",
    "bench/machine",
    "bench/plan",
    "bench/record",
    "bench/report",
    "bench/run",

    "servers",
  ],
  "bench/commands": [
    "bench/agents",
    "bench/cli",
    "bench/compare",
    "bench/doctor",
    "bench/machine",
    "bench/plan",
    "bench/record",
    "bench/report",
    "bench/run",
    "bench/statistics",
    "clients",
    "servers",
  ],
  "bench/herd.ts": ["bench/cli", "bench/commands", "servers"],
};

/** Every source of Herd, by its path in the checkout. */
const sources = new Map(
  [...TOP.flatMap((folder) => [...walk(folder)]), "mod.ts"]
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
);

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`${folder}/`, ROOT))) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/** Tests, and what only they use, may import from anywhere. */
function isTest(path: string): boolean {
  return /_test\.ts$|\/testing[^/]*(\.ts$|\/)/.test(path);
}

/** The sources that match, by path. */
function naming(pattern: RegExp): string[] {
  return [...sources].filter(([, text]) => pattern.test(text)).map(([path]) => path);
}

/** What a source imports from Herd itself, types and `import()` included, as paths in the checkout. */
function importsOf(path: string, text: string): string[] {
  const code = text.replaceAll(/\/\*[^]*?\*\//g, "");
  const specifiers = code.matchAll(
    /(?:\b(?:from|import)\s*\(?|import\.meta\.resolve\()\s*"(\.[^"]*)"/g,
  );
  return [...specifiers].map(([, specifier]) =>
    new URL(specifier!, new URL(path, ROOT)).href.slice(ROOT.href.length)
  ).filter((imported) => sources.has(imported));
}

/** Every import between production sources. */
const imports = [...sources]
  .filter(([path]) => !isTest(path))
  .map(([path, text]) => [path, importsOf(path, text)] as const);

/** The innermost room that a source is in. */
function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS).filter((room) => path === room || path.startsWith(`${room}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** Whether a room may import from another: it, or what it is in, is named. */
function isAllowed(from: string, to: string): boolean {
  return from === to || ROOMS[from]!.some((room) => to === room || to.startsWith(`${room}/`));
}

Deno.test("every source has its room", () => {
  const homeless = [...sources.keys()].filter((path) => !isTest(path) && path !== "mod.ts")
    .filter((path) => roomOf(path) === undefined);
  assertEquals(homeless, []);
});

Deno.test("imports go the allowed ways between rooms", () => {
  const forbidden = imports.flatMap(([path, all]) => {
    const from = roomOf(path);
    return from === undefined ? [] : all
      .filter((imported) => !isAllowed(from, roomOf(imported)!))
      .map((imported) => `${path} imports ${imported}`);
  });
  assertEquals(forbidden, []);
});

Deno.test("every allowed way is used", () => {
  const used = new Set(
    imports.flatMap(([path, all]) =>
      all.map((imported) => `${roomOf(path)} → ${roomOf(imported)}`)
    ),
  );
  for (const [from, allowed] of Object.entries(ROOMS)) {
    for (const to of allowed) {
      const isUsed = [...used].some((way) => way.startsWith(`${from} → ${to}`));
      assert(isUsed, `${from} does not import from ${to}: take it off the list`);
    }
  }
});

Deno.test("the allowed ways have no circle, and files import each other in none", () => {
  const rooms = Object.keys(ROOMS);
  const within = (to: string) => rooms.filter((room) => room === to || room.startsWith(`${to}/`));
  const ways = new Map(
    rooms.map((from) => [from, ROOMS[from]!.flatMap(within).filter((to) => to !== from)]),
  );
  assertEquals(circleIn(ways), []);
  assertEquals(circleIn(new Map(imports)), []);
});

/** A circle in a graph, as the path around it; empty where there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle.length > 0) return circle;
    }
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

Deno.test("only servers/posix/ names what can break memory", () => {
  const found = naming(/\bDeno\s*\.\s*(dlopen|Unsafe)/);
  assert(found.includes("servers/posix/libc.ts"));
  assertEquals(found.filter((path) => !path.startsWith("servers/posix/")), []);
});

Deno.test("every task says what it does, and none asks for every permission", () => {
  for (const [name, task] of Object.entries(config.tasks)) {
    assert(task.description.length > 10, `the task ${name} has no description`);
    assertEquals(task.command.match(/(?<!\S)(-A|--allow-all)(?!\S)/), null, name);
  }
});

Deno.test("paths may have any character: none is made of a URL's, or put into a task", () => {
  assertEquals(naming(/\bimport\.meta\.url\)\s*\.pathname/), []);
  for (const [name, { command }] of Object.entries(config.tasks)) {
    assert(!command.includes("$INIT_CWD"), name);
  }
});

Deno.test("sources name packages with the versions of deno.json, since whoever imports them has no such map", () => {
  const versions: readonly string[] = Object.values(config.imports);
  for (const [path, text] of [...sources].filter(([path]) => !isTest(path))) {
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "");
    for (const [, name] of code.matchAll(/\b(?:from|import)\s*\(?"([^."][^"]*)"/g)) {
      const [dependency] = name!.match(/^\w+:@?[^/]*(\/[^/@]+@[^/]+)?/)!;
      assert(name!.startsWith("node:") || versions.includes(dependency), `${path} imports ${name}`);
    }
  }
});

Deno.test("deno.lock has what commands import, and tests run the same of it", () => {
  const [own, ofTests] = ["deno.lock", ".ci/tests.lock"].map((name) =>
    JSON.parse(Deno.readTextFileSync(new URL(name, ROOT)))
  );
  const packages = Object.keys(own.specifiers).filter((name) => name.startsWith("npm:"));
  const imported = Object.values(config.imports).filter((name) => name.startsWith("npm:"));
  assertEquals(
    packages.toSorted(),
    imported.toSorted(),
    "git checkout deno.lock; see CONTRIBUTING",
  );
  assertEquals({ ...ofTests.npm, ...own.npm }, ofTests.npm, "bring .ci/tests.lock up to date");
});

Deno.test("tasks that serve or measure in their own process run V8 as bench has it run", () => {
  for (const name of ["sserver", "costs"] as const) {
    assert(config.tasks[name].command.split(" ").includes(V8_FLAGS), name);
  }
});

Deno.test("tasks that only read records can start and call nothing", () => {
  for (const name of ["tables", "runs", "designs"] as const) {
    assertEquals(
      config.tasks[name].command.match(/--allow-(run|ffi|net|env(?!=(INIT_CWD,TERM|PATH)\s))\S*/g),
      null,
      name,
    );
  }
});

/** A time stamp, which a record has, or is compared with; a duration by this clock would jump when it is set. */
const TIME_STAMP = /new Date\((Date\.now\(\) [-+] 1000 \* \w+)?\)\.toISOString\(\)/g;

Deno.test("durations are of monotonic clocks only: the wall clock is read for time stamps", () => {
  const wall = /\b(?:Date|Temporal|CLOCK_REALTIME|gettimeofday|timeOrigin|\w*timedlock)\b/;
  const stamping = [];
  for (const [path, text] of [...sources].filter(([path]) => !isTest(path))) {
    const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const rest = code.replaceAll(TIME_STAMP, "");
    if (rest !== code) stamping.push(path);
    assertEquals(rest.match(wall)?.[0], undefined, `${path} reads the wall clock`);
  }
  assert(stamping.includes("bench/run/record_run.ts"));
  assertEquals(stamping.filter((path) => !path.startsWith("bench/")), []);
});
