import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";

/** Whether an assertion fails, by a plain try and catch: the assertions cannot vouch for themselves. */
function fails(assertion: () => unknown): boolean {
  try {
    assertion();
    return false;
  } catch (error) {
    if (error instanceof AssertionError && error.name === "AssertionError") return true;
    throw error;
  }
}

async function failsLater(assertion: () => Promise<unknown>): Promise<boolean> {
  const error = await assertion().then(() => null, (error) => error);
  if (error !== null && !(error instanceof AssertionError)) throw error;
  return error !== null;
}

const table: Record<string, { holds: (() => unknown)[]; fails: (() => unknown)[] }> = {
  assert: {
    holds: [() => assert(1), () => assert("x")],
    fails: [() => assert(0), () => assert(""), () => assert(null, "why")],
  },
  assertEquals: {
    holds: [
      () => assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }),
      () => assertEquals(NaN, NaN),
      () => assertEquals({ cpu: -0 }, { cpu: 0 }),
      () => assertEquals<unknown>("a1".match(/(?<n>\d)/)?.groups, { n: "1" }),
      () => assertEquals(new Map([["a", new Set([1])]]), new Map([["a", new Set([1])]])),
      () => assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 2])),
    ],
    fails: [
      () => assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }),
      () => assertEquals<unknown>(1, "1"),
      () => assertEquals<unknown>([1], [1, 2]),
      () => assertEquals<unknown>({ a: undefined }, {}),
      () => assertEquals<unknown>([], {}),
      () => assertEquals<unknown>(new Map(), new Set()),
      () => assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 3])),
    ],
  },
  assertNotEquals: {
    holds: [() => assertNotEquals({ a: 1 }, { a: 2 })],
    fails: [() => assertNotEquals({ a: 1 }, { a: 1 }), () => assertNotEquals(-0, 0)],
  },
  assertStringIncludes: {
    holds: [() => assertStringIncludes("ready on 80", "ready")],
    fails: [() => assertStringIncludes("ready on 80", "steady")],
  },
  assertMatch: {
    holds: [() => assertMatch("port 80", /\d+/)],
    fails: [() => assertMatch("port", /\d+/)],
  },
  assertAlmostEquals: {
    holds: [() => assertAlmostEquals(0.1 + 0.2, 0.3), () => assertAlmostEquals(1, 1.4, 0.5)],
    fails: [() => assertAlmostEquals(0.1, 0.2), () => assertAlmostEquals(1, 1.6, 0.5)],
  },
  "assertGreater, assertLess and their OrEqual": {
    holds: [
      () => assertGreater(2, 1),
      () => assertGreaterOrEqual(1, 1),
      () => assertLess(1, 2),
      () => assertLessOrEqual(1, 1),
    ],
    fails: [
      () => assertGreater(1, 1),
      () => assertGreaterOrEqual(1, 2),
      () => assertLess(1, 1),
      () => assertLessOrEqual(2, 1),
    ],
  },
  assertThrows: {
    holds: [
      () => assertThrows(() => JSON.parse("{"), SyntaxError),
      () => assertThrows(() => JSON.parse("{"), Error, "JSON"),
    ],
    fails: [
      () => assertThrows(() => 1, Error),
      () => assertThrows(() => JSON.parse("{"), TypeError),
      () => assertThrows(() => JSON.parse("{"), SyntaxError, "no such words"),
      () =>
        assertThrows(() => {
          throw "no error";
        }, Error),
    ],
  },
};

for (const [name, assertions] of Object.entries(table)) {
  Deno.test(`${name} holds and fails`, () => {
    for (const assertion of assertions.holds) assertion();
    for (const assertion of assertions.fails) {
      if (!fails(assertion)) throw new Error(`did not fail: ${assertion}`);
    }
  });
}

Deno.test("assertRejects() holds and fails", async () => {
  const late = () => Promise.reject(new RangeError("too late"));
  const throwNow = () => {
    throw new RangeError("thrown, not rejected");
  };
  await assertRejects(late, Error);
  await assertRejects(late, RangeError, "late");
  const failing = [
    () => assertRejects(() => Promise.resolve(1), Error),
    () => assertRejects(late, TypeError),
    () => assertRejects(late, RangeError, "early"),
    () => assertRejects(throwNow, RangeError),
  ];
  for (const assertion of failing) {
    if (!await failsLater(assertion)) throw new Error(`did not fail: ${assertion}`);
  }
});

Deno.test("assertThrows() and assertRejects() return the error", async () => {
  const error = new RangeError("too many", { cause: 7 });
  const thrown: RangeError = assertThrows(() => {
    throw error;
  }, RangeError);
  const rejected = await assertRejects(() => Promise.reject(error), RangeError, "many");
  assert(thrown === error && rejected === error);
});

Deno.test("an assertion narrows the type", () => {
  const value = JSON.parse('{"port":80}') as { port?: number } | null;
  assert(value?.port);
  const port: number = value.port;
  assertEquals(port, 80);
});

Deno.test("a failure says the caller's words", () => {
  for (const assertion of [assertEquals<number>, assertGreater<number>]) {
    assertThrows(() => assertion(1, 2, "the reason"), AssertionError, "the reason");
  }
});
