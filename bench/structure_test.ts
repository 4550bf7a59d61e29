/** The house: who may know whom, and who may name what. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { V8_FLAGS } from "../servers/v8_flags.ts";
import config from "../deno.json" with { type: "json" };

const ROOT = new URL("..", import.meta.url);
const ROOMS = ["bench", "clients", "servers"];

/** Every source of Herd, by its path in the checkout. */
const sources = new Map(
  [...ROOMS.flatMap((room) => [...walk(room)]), ...filesOf(".")]
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
);

function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, ROOT))]
    .filter(({ isFile }) => isFile).map(({ name }) => folder === "." ? name : `${folder}/${name}`);
}

function* walk(folder: string): Generator<string> {
  yield* filesOf(folder);
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`${folder}/`, ROOT))) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
  }
}

/** The sources that match, by path. */
function naming(pattern: RegExp): string[] {
  return [...sources].filter(([, text]) => pattern.test(text)).map(([path]) => path);
}

/** What a source imports from Herd itself, as paths in the checkout; examples in its pages too. */
function importsOf(path: string, text: string): string[] {
  const specifiers = text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]*)"/g);
  return [...specifiers].map(([, specifier]) =>
    new URL(specifier!, new URL(path, ROOT)).pathname.slice(ROOT.pathname.length)
  );
}

/** Which room imports from which: "bench → clients". */
function directions(): Map<string, string[]> {
  const room = (path: string) => path.split("/")[0]!;
  const found = new Map<string, string[]>();
  for (const [path, text] of sources) {
    for (const imported of importsOf(path, text)) {
      if (!ROOMS.includes(room(path)) || !ROOMS.includes(room(imported))) continue;
      const direction = `${room(path)} → ${room(imported)}`;
      found.set(direction, [...found.get(direction) ?? [], `${path} imports ${imported}`]);
    }
  }
  return found;
}

Deno.test("only servers/posix/ names what can break memory", () => {
  const rooms = naming(/\bDeno\s*\.\s*(dlopen|Unsafe)/);
  assert(rooms.includes("servers/posix/libc.ts"));
  assertEquals(rooms.filter((path) => !path.startsWith("servers/posix/")), []);
});

Deno.test("imports point one way: from bench to clients to servers", () => {
  const found = directions();
  for (const allowed of ["bench → clients", "bench → servers", "clients → servers"]) {
    assertGreater(found.get(allowed)?.length ?? 0, 0, allowed);
  }
  for (const forbidden of ["servers → clients", "servers → bench", "clients → bench"]) {
    assertEquals(found.get(forbidden) ?? [], []);
  }
});

Deno.test("every task says what it does, and none asks for every permission", () => {
  for (const [name, task] of Object.entries(config.tasks)) {
    assert(task.description.length > 10, `the task ${name} has no description`);
    assertEquals(task.command.match(/(?<!\S)(-A|--allow-all)(?!\S)/), null, name);
  }
});

Deno.test("tasks that serve or load run V8 as bench has them run it", () => {
  for (const name of ["serve", "sserver", "load", "costs"] as const) {
    assert(config.tasks[name].command.split(" ").includes(V8_FLAGS), name);
  }
});

Deno.test("tasks that only read records can start and call nothing", () => {
  for (const name of ["tables", "designs"] as const) {
    assertEquals(
      config.tasks[name].command.match(/--allow-(run|ffi|net|env(?!=INIT_CWD\s))\S*/g),
      null,
      name,
    );
  }
});
