import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { presets } from "../../servers/external/presets.ts";
import { External } from "../record/external.ts";
import { externalOf, type Place } from "./externals.ts";
import { makePlan } from "./plan.ts";

const place: Place = { folder: "/at", service: "http", readText: (path) => `text of ${path}` };

const server = externalOf({ name: "mine", command: "serve 'a b' {port}" }, place);

Deno.test("externalOf() fills in what is left out", () => {
  assertEquals(server, {
    name: "mine",
    command: ["serve", "a b", "{port}"],
    environment: {},
    folder: "/at",
    service: "http",
    target: null,
    readiness: null,
    stopSignal: "TERM",
    workers: null,
    files: {},
    shared: false,
  });
});

Deno.test("externalOf() reads files from the folder of the description", () => {
  const files = { a: "{port}", b: ["x", "y"], "c/d": { from: "d" }, e: { from: "/e" } };
  const external = externalOf({ name: "mine", command: ["serve"], folder: "sub", files }, place);
  assertEquals(external.files, {
    a: "{port}",
    b: "x\ny\n",
    "c/d": "text of /at/d",
    e: "text of /e",
  });
  assertEquals(external.folder, "/at/sub");
});

const mistakes: readonly [description: object, message: string][] = [
  [{ name: "Mine", command: "serve {port}" }, "name must be of small letters"],
  [{ name: "iterative", command: "serve {port}" }, "that is a design; use another name"],
  [{ name: "mine", command: "serve" }, "Cannot tell mine its port: write {port}"],
  [{ name: "mine", command: "serve 'a {port}" }, "close every quote"],
  [{ name: "mine", command: "serve {port}", service: "bytes" }, "it speaks bytes"],
  [{ name: "mine", command: "serve {port}", stopSignal: "KILL" }, '"mine": stopSignal'],
  [{ name: "mine", command: "serve {port}", port: 80 }, '"port"'],
  [{ name: "mine", command: "serve {port}", target: "index.html" }, "must begin with /"],
  [{ name: "mine", command: "serve {port}", files: { "../a": "" } }, "without . and .."],
  [{ name: "mine", command: "serve {port}", files: { "/a": "" } }, "must be the path of a file"],
];

Deno.test("externalOf() refuses what cannot be run", () => {
  for (const [description, message] of mistakes) {
    assertThrows(() => externalOf(description, place), UsageError, message);
  }
});

Deno.test("makePlan() runs external servers after the designs, with their own workers", () => {
  const own = { ...server, name: "own", workers: 3 };
  const options = { designs: ["prefork-mutex"], rounds: 1, seed: 1, children: 7 };
  const plan = makePlan({ ...options, externals: [server, own] });
  assertEquals(plan.designs, ["iterative", "prefork-mutex", "mine", "own"]);
  const sizes = new Map(plan.trials.map(({ design, poolSize }) => [design, poolSize]));
  assertEquals([sizes.get("mine"), sizes.get("own"), sizes.get("iterative")], [7, 3, null]);
  const makeTwice = () => makePlan({ ...options, externals: [server, server] });
  assertThrows(makeTwice, UsageError, "Cannot run two external servers named mine");
  const makeLocal = () => makePlan({ ...options, externals: [server], local: true });
  assertThrows(makeLocal, UsageError, "Cannot reach external servers but over TCP");
  for (const times of [{ work: 1 }, { wait: 0.5 }]) {
    const [name] = Object.keys(times);
    const make = () => makePlan({ ...options, externals: [server], ...times });
    assertThrows(make, UsageError, `Cannot have requests ${name} in mine`);
  }
  const sweep = { parameter: "wait" as const, values: [0, 1] };
  const makeSweep = () => makePlan({ ...options, externals: [server], sweep });
  assertThrows(makeSweep, UsageError, "Cannot have requests wait in mine");
});

Deno.test("every preset is an external server, under its name", () => {
  for (const [name, { description, service }] of presets) {
    const external = externalOf(description, { ...place, service });
    assertEquals(External.parse(external), external);
    assertEquals(external.name, name);
  }
});
