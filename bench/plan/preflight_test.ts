import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { makePlan } from "./plan.ts";
import { evaluate } from "../../servers/testing/fork.ts";
import {
  canBecomeUser,
  inUsersCheckout,
  succeeds,
  USERS_CHECKOUT,
} from "../../servers/testing/starter.ts";
import { type Limits, readLimits, shortfall } from "./preflight.ts";
import type { Plan } from "../record/record.ts";

const ROOM: Limits = {
  descriptors: 1024,
  processes: 4096,
  userProcesses: 100,
  tasks: 30_000,
  ports: 28_232,
};

function plan(children: number, connections: number) {
  return makePlan({
    designs: ["prefork-fd-passing"],
    seed: 1,
    connections,
    children,
  });
}

Deno.test("shortfall() is undefined for the book's load", () => {
  assertEquals(shortfall(plan(15, 500), ROOM), undefined);
});

for (
  const [what, limits, command] of [
    ["open files", { descriptors: 70 }, "ulimit -n"],
    ["processes you may have", { processes: 80 }, "ulimit -u 189"],
    ["processes than you have", { userProcesses: 4050 }, "have 4050; write ulimit -u 4139"],
    ["room for processes", { tasks: 80 }, "kernel.pid_max"],
    ["local ports", { ports: 5000 }, "net.ipv4.ip_local_port_range"],
  ] as const
) {
  Deno.test(`shortfall() names the command for more ${what}`, () => {
    assertStringIncludes(shortfall(plan(15, 500), { ...ROOM, ...limits }) ?? "", command);
  });
}

Deno.test("shortfall() counts a descriptor a child only where the parent passes descriptors", () => {
  const shared = { ...plan(1000, 500), designs: ["prefork-shared-accept"] };
  assertEquals(shortfall(shared, ROOM), undefined);
  assertStringIncludes(shortfall(plan(1000, 500), ROOM) ?? "", "open files");
});

Deno.test("shortfall() counts the descriptors of threads", () => {
  const threads = { ...plan(15, 10), designs: ["prethread-mutex"] };
  assertEquals(shortfall(threads, { ...ROOM, descriptors: 320 }), undefined);
  assertStringIncludes(
    shortfall(threads, { ...ROOM, descriptors: 319 }) ?? "",
    "it needs 320 open files, a process may have 319; write ulimit -n 320",
  );
});

Deno.test("readLimits() reads limits that let this test run", () => {
  for (const [name, limit] of Object.entries(readLimits())) assertGreater(limit, 0, name);
});

Deno.test("shortfall() checks the largest point of a sweep", () => {
  const sweep = (values: number[]) => ({
    ...plan(15, 500),
    sweep: { parameter: "children", values } as const,
  });
  assertEquals(shortfall(sweep([300, 15]), ROOM), undefined);
  for (const values of [[15, 900, 1000], [1000, 900, 15]]) {
    assertEquals(
      shortfall(sweep(values), ROOM),
      "it needs 1064 open files, a process may have 1024; write ulimit -n 1064",
    );
  }
  const many: Plan["sweep"] = { parameter: "clients", values: [1, 900] };
  const clients = { ...plan(15, 500), sweep: many };
  assertStringIncludes(shortfall(clients, { ...ROOM, processes: 900 }) ?? "", "979 processes");
});

Deno.test("shortfall() needs no ports for local servers", () => {
  const local = { ...plan(15, 500), local: true };
  assertEquals(shortfall(local, { ...ROOM, ports: 5000 }), undefined);
});

/** A program that explains why a server did not start, in a user's checkout. */
const explaining = `
  import { withTaskLimit } from "${USERS_CHECKOUT}/bench/plan/preflight.ts";
  import { UnsupportedError } from "${USERS_CHECKOUT}/servers/errors.ts";
  for (const why of ["Cannot fork: fork failed with EAGAIN", "Cannot fork: fork failed with EPERM"]) {
    console.log(withTaskLimit(new UnsupportedError(why), 1000).message);
  }
`;

Deno.test({
  name: "withTaskLimit() names the limit of processes that a server met (ignored without root)",
  ignore: !canBecomeUser || !succeeds("prlimit", "--version"),
  async fn() {
    const via = ["prlimit", "--nproc=500", ...inUsersCheckout()];
    const { stdout, stderr } = await evaluate(explaining, via);
    const [limit, other] = stdout.split("\n");
    const [, have, write] = limit!.match(
      /^Cannot start the server: it needs 1064 processes, you may have 500 and have (\d+); write ulimit -u (\d+)$/,
    ) ?? [];
    assertEquals(Number(write), Number(have) + 1064, stderr);
    assertEquals(other, "Cannot fork: fork failed with EPERM");
  },
});

/** A program that prints the limit of processes, and how many the user has, in a checkout. */
const printing = (root: string) => `
  import { readLimits } from "${root}/bench/plan/preflight.ts";
  const { processes, userProcesses } = readLimits();
  console.log(processes, userProcesses);
`;

Deno.test({
  name:
    "readLimits() counts what an ordinary user has, and sets root no limit (ignored without root)",
  ignore: !canBecomeUser || !succeeds("prlimit", "--version"),
  async fn() {
    const limited = ["prlimit", "--nproc=77"];
    const byRoot = await evaluate(printing(".."), limited);
    assertMatch(byRoot.stdout, /^Infinity \d+\n$/, byRoot.stderr);
    const beside = ["sh", "-c", 'sleep 60 >/dev/null 2>&1 & "$@"; kill $!', "sh"];
    const via = [...limited, ...inUsersCheckout(), ...beside];
    const byUser = await evaluate(printing(USERS_CHECKOUT), via);
    const [limit, count] = byUser.stdout.trim().split(" ").map(Number);
    assertEquals(limit, 77, byUser.stderr);
    // sh, sleep, and at least two threads of Deno.
    assertGreaterOrEqual(count!, 4);
    assertLess(count!, 60);
  },
});
