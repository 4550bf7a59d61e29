import { assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { UsageError } from "../../servers/errors.ts";
import { streamDesigns } from "../../servers/designs.ts";
import { BOOK_LOAD } from "../report/testing_fixture.ts";
import { BASELINE, DEFAULTS, limitsWithin, loadText, makePlan, nameOf } from "./plan.ts";
import { LIMITS, type Plan } from "../record/record.ts";

const ids = streamDesigns.map(({ id }) => id);

const options = { ...DEFAULTS, designs: ids, seed: 1 };

/** The order of a plan's trials. */
function order({ trials }: Plan): string[] {
  return trials.map(({ round, design }) => `${round} ${design}`);
}

function designsOfRound({ trials }: Pick<Plan, "trials">, round: number): string[] {
  return trials.filter((trial) => trial.round === round).map(({ design }) => design);
}

Deno.test("makePlan() gives the same order for the same seed", () => {
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), fc.subarray(ids), (seed, some) => {
    const given = { ...options, designs: some, seed };
    assertEquals(makePlan(structuredClone(given)), makePlan(given));
  }));
});

Deno.test("makePlan() gives another order for another seed, and in another round", () => {
  const orders = Array.from({ length: 100 }, (_, seed) => makePlan({ ...options, seed }));
  assertEquals(new Set(orders.map((plan) => order(plan).join())).size, 100);
  assertNotEquals(designsOfRound(orders[0]!, 1), designsOfRound(orders[0]!, 2));
});

Deno.test("makePlan() runs every design once a round, the baseline always", () => {
  const rounds = fc.integer({ min: 1, max: 9 });
  const seeds = fc.nat(2 ** 32 - 1);
  fc.assert(fc.property(fc.subarray(ids), rounds, seeds, (some, rounds, seed) => {
    const plan = makePlan({ ...options, designs: some, rounds, seed });
    const wanted = ids.filter((id) => id === BASELINE || some.includes(id));
    assertEquals(plan.designs, wanted);
    for (let round = 1; round <= rounds; round++) {
      assertEquals(designsOfRound(plan, round).toSorted(), wanted.toSorted());
    }
    assertEquals(Math.max(...plan.trials.map(({ round }) => round)), rounds);
  }));
});

Deno.test("makePlan() has a budget, and limits loads by it, unless the number of rounds is given", () => {
  const limits = (more: object) =>
    makePlan({ designs: ["door"], local: true, seed: 1, ...more }).limits;
  const { budget, run } = limits({});
  assertEquals([budget, run], [180, 10]);
  assertEquals(limits({ rounds: 7 }), { ...LIMITS, run: 20 });
  assertEquals(limitsWithin(60, { designs: Array(99).fill("") }), {
    ...LIMITS,
    budget: 60,
    run: 3,
  });
  assertEquals(limitsWithin(0, { designs: [] }), { ...LIMITS, run: 20 });
  // An hour has room for a longer load than any needs.
  assertEquals(limitsWithin(3600, { designs: ["door"] }).run, 20);
});

Deno.test("makePlan() ends loads after a duration, within a budget or not", () => {
  for (const more of [{}, { rounds: 7 }, { limits: LIMITS }]) {
    const { duration, limits, trials } = makePlan({ ...options, ...more, duration: 5 });
    assertEquals([duration, limits.run], [5, 5]);
    for (const { load } of trials) assertEquals(load.duration, 5);
  }
});

Deno.test("makePlan() runs a design twice a round if it is named twice", () => {
  const { designs, trials } = makePlan({
    ...options,
    rounds: 1,
    designs: ["prefork-mutex", "prefork-mutex"],
  });
  assertEquals(designs, ["iterative", "prefork-mutex"]);
  assertEquals(trials.map(({ design }) => design).toSorted(), [...designs, "prefork-mutex"]);
});

Deno.test("makePlan() numbers rounds from 1 and positions from 0, in the order of the trials", () => {
  const { trials } = makePlan(options);
  const expected = Array.from({ length: options.rounds }, (_, index) => index + 1)
    .flatMap((round) =>
      [...designsOfRound({ trials }, round).keys()]
        .map((position) => ({ round, position }))
    );
  assertEquals(trials.map(({ round, position }) => ({ round, position })), expected);
});

Deno.test("makePlan() draws every order equally often", () => {
  const some = [BASELINE, "fork-per-client", "prefork-shared-accept"];
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const first = designsOfRound(makePlan({ ...options, designs: some, seed }), 1).join();
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  // 100 each, with a standard deviation of 9.
  for (const [order, count] of counts) assertGreater(count, 60, order);
});

Deno.test("makePlan() gives the baseline one client with as many connections as all others have", () => {
  for (const { design, load } of makePlan({ ...options, clients: 3, connections: 7 }).trials) {
    const expected = design === BASELINE ? [1, 21] : [3, 7];
    const [clients, connections] = expected as [number, number];
    assertEquals(load, { ...BOOK_LOAD, clients, connections });
  }
});

/** The trials of a round in a sweep of two designs: design, children, clients, connections, think. */
function pointsOf(sweep: Plan["sweep"], more: Partial<typeof options> = {}): unknown[][] {
  const designs = [BASELINE, "prefork-mutex"];
  const { trials } = makePlan({ ...options, ...more, designs, rounds: 1, sweep });
  return trials.map((
    { design, poolSize, load: { clients, connections, think } },
  ) => [design, poolSize, clients, connections, think]).toSorted((a, b) =>
    String(a) < String(b) ? -1 : 1
  );
}

Deno.test("makePlan() sweeps over children with one baseline a round, which has none", () => {
  assertEquals(pointsOf({ parameter: "children", values: [15, 30] }), [
    [BASELINE, null, 1, 5000, 0],
    ["prefork-mutex", 15, 10, 500, 0],
    ["prefork-mutex", 30, 10, 500, 0],
  ]);
});

Deno.test("makePlan() sweeps over clients with the same connections in all", () => {
  assertEquals(pointsOf({ parameter: "clients", values: [1, 100] }), [
    [BASELINE, null, 1, 5000, 0],
    ["prefork-mutex", 15, 1, 5000, 0],
    ["prefork-mutex", 15, 100, 50, 0],
  ]);
});

Deno.test("makePlan() lets the clients of a sweep wait, but not the baseline's", () => {
  assertEquals(pointsOf({ parameter: "think", values: [0, 20] }), [
    [BASELINE, null, 1, 5000, 0],
    ["prefork-mutex", 15, 10, 500, 0],
    ["prefork-mutex", 15, 10, 500, 20],
  ]);
});

Deno.test("nameOf() has the value of a sweep, unless it makes no difference", () => {
  const names = (parameter: "children" | "bytes" | null) => {
    const sweep = parameter && { parameter, values: [15, 30] };
    const plan = makePlan({ ...options, designs: ["prefork-mutex"], rounds: 1, sweep });
    return plan.trials.map((trial) => nameOf(trial, sweep)).toSorted();
  };
  assertEquals(names(null), [BASELINE, "prefork-mutex"]);
  const pool = ["prefork-mutex children=15", "prefork-mutex children=30"];
  assertEquals(names("children"), [BASELINE, ...pool]);
  assertEquals(names("bytes").slice(0, 2), [`${BASELINE} bytes=15`, `${BASELINE} bytes=30`]);
});

Deno.test("loadText() has all values of a sweep, and no number that depends on them", () => {
  const text = (sweep: Plan["sweep"]) => {
    const { clients, connections, children } = loadText(makePlan({ ...options, sweep }));
    return [clients, connections, children];
  };
  assertEquals(text(null), ["10", "500", "15"]);
  assertEquals(text({ parameter: "children", values: [15, 30] }), ["10", "500", "15, 30"]);
  assertEquals(text({ parameter: "clients", values: [1, 100] }), ["1, 100", "…", "15"]);
});

Deno.test("makePlan() refuses a design that is not reached over TCP, unless the run is local", () => {
  const error = assertThrows(() => makePlan({ designs: ["door"], seed: 1 }), UsageError);
  assertEquals([error.message, error.option], ["Cannot reach door over TCP", "local"]);
  const plan = makePlan({ designs: ["door"], seed: 1, local: true, rounds: 1 });
  assertEquals(designsOfRound(plan, 1).toSorted(), ["door", "iterative"]);
});

Deno.test("makePlan() refuses other hosts for what they cannot reach", () => {
  const hosts = { via: "ssh", clients: ["a"], server: null, address: "192.0.2.1" };
  const plan = (more: object) => makePlan({ designs: ["iterative"], seed: 1, hosts, ...more });
  assertEquals(plan({}).hosts, hosts);
  for (const name of ["local", "netns"]) {
    const words = `Cannot reach other hosts with ${name}`;
    assertThrows(() => plan({ [name]: true }), UsageError, words);
  }
});

Deno.test("makePlan() refuses IPv6 where servers listen elsewhere", () => {
  const plan = (more: object) => makePlan({ designs: ["iterative"], seed: 1, ipv6: true, ...more });
  assertEquals(plan({}).ipv6, true);
  const hosts = { via: ["ssh"], clients: ["a"], server: null, address: "192.0.2.1" };
  for (const more of [{ local: true }, { hosts }]) {
    assertEquals(assertThrows(() => plan(more), UsageError).option, "ipv6");
  }
});
