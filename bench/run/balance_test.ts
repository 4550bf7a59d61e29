import { assertEquals, assertMatch } from "@std/assert";
import { checkAccount, imbalance } from "./balance.ts";
import type { Trial } from "../record/record.ts";
import { trial as madeUp } from "../report/testing_fixture.ts";

/** A trial of 100 connections by two children, in which nothing went wrong. */
const fine = madeUp({ design: "prefork-shared-accept", children: [60, 40], connections: 100 });
const { client, children: [first, second], kernel } = fine;

/** The reason a trial with these changes does not count. */
function reason(different: Partial<Pick<Trial, "children" | "client" | "kernel">>): string | null {
  return imbalance(fine, { ...fine, ...different });
}

Deno.test("imbalance() is null if all requested connections were served", () => {
  assertEquals(reason({}), null);
});

Deno.test("imbalance() names the clients' errors", () => {
  const errors = { ECONNRESET: 2, "timed out": 1 };
  assertEquals(
    reason({ client: { ...client!, connections: 97, errors } }),
    "the clients had errors: 2 × ECONNRESET, 1 × timed out",
  );
});

Deno.test("imbalance() says after how many connections clients stopped", () => {
  const errors = { ECONNREFUSED: 20 };
  assertEquals(
    reason({ client: { ...client!, connections: 60, errors } }),
    "the clients had errors: 20 × ECONNREFUSED; they stopped after 80 connections of 100",
  );
});

/** The clients of two hosts, which have made so many connections. */
function onHosts(first: number, second: number, errors: Record<string, number> = {}) {
  const part = {
    requests: 0,
    errors: {},
    wallSeconds: 1,
    cpu: client!.cpu,
    latency: client!.latency,
  };
  const clock = { offsetSeconds: 0, offsetBoundSeconds: 0, skewSeconds: 0 };
  const hosts = [
    { host: "h1", clients: 6, connections: first, ...part, ...clock },
    { host: "h2", clients: 4, connections: second, ...part, ...clock, errors },
  ];
  return { client: { ...client!, connections: first + second, errors, hosts } };
}

Deno.test("imbalance() names the host whose clients had errors, or made too few connections", () => {
  assertEquals(reason(onHosts(60, 40)), null);
  assertEquals(
    reason(onHosts(60, 38, { ECONNRESET: 2 })),
    "the clients had errors: 2 × ECONNRESET on h2",
  );
  // Though the sum is right.
  assertEquals(reason(onHosts(61, 39)), "the clients of h1 made 61 connections of 60");
});

Deno.test("imbalance() detects connections that the clients did not make", () => {
  assertEquals(
    reason({ client: { ...client!, connections: 99 } }),
    "the clients made 99 connections of 100",
  );
});

Deno.test("imbalance() detects requests that the clients did not make, or no child served", () => {
  const fine = madeUp({
    design: "prefork-mutex",
    children: [60, 40],
    connections: 100,
    requests: 3,
  });
  const { client, children: [first, second] } = fine;
  const reason = (different: Partial<typeof fine>) => imbalance(fine, { ...fine, ...different });
  assertEquals(reason({}), null);
  assertEquals(
    reason({ client: { ...client!, requests: 299 } }),
    "the clients made 299 requests of 300",
  );
  assertEquals(
    reason({ children: [{ ...first!, requests: 181 }, second!] }),
    "the children served 301 requests, the clients made 300",
  );
  // Of Deno.serve the requests alone are known.
  const unknown = { ...first!, connections: null };
  assertEquals(reason({ children: [{ ...unknown, requests: 300 }] }), null);
  assertEquals(
    reason({ children: [{ ...unknown, requests: 299 }] }),
    "the children served 299 requests, the clients made 300",
  );
});

Deno.test("imbalance() detects connections that no child served, or that were served twice", () => {
  for (const connections of [59, 61]) {
    assertEquals(
      reason({ children: [{ ...first!, connections }, second!] }),
      `the children served ${connections + 40} connections, the clients made 100`,
    );
  }
  assertMatch(reason({ children: [] })!, /^the children served 0 /);
});

Deno.test("imbalance() counts dead children, even if nothing is missing", () => {
  const children = [{ ...first!, lost: 2 }, { ...second!, lost: 1 }];
  assertEquals(reason({ children }), "3 children died");
  assertEquals(reason({ children: [first!, children[1]!] }), "1 child died");
});

Deno.test("imbalance() says why a child died, also where its client saw an error", () => {
  const died = { ...fine, children: [{ ...first!, lost: 1 }, second!] };
  const deaths = ["signal 9", "signal 15"];
  assertEquals(imbalance(fine, died, { deaths }), "1 child died: signal 9");
  const failed = { ...died, client: { ...client!, connections: 99, errors: { ECONNRESET: 1 } } };
  assertEquals(
    imbalance(fine, failed, { deaths }),
    "the clients had errors: 1 × ECONNRESET; 1 child died: signal 9",
  );
});

Deno.test("imbalance() counts refused requests", () => {
  assertEquals(
    reason({ children: [first!, { ...second!, rejected: 4 }] }),
    "4 requests were refused",
  );
});

Deno.test("imbalance() needs as many connections in the kernel, or more, or no count", () => {
  const counted = (passiveOpens: number | null) => reason({ kernel: { ...kernel, passiveOpens } });
  assertEquals(counted(99), "the kernel counted 99 connections, the clients made 100");
  assertEquals([counted(100), counted(101), counted(null)], [null, null, null]);
});

Deno.test("imbalance() needs exactly as many in the kernel in a network namespace of its own", () => {
  const counted = (passiveOpens: number) =>
    imbalance(fine, { ...fine, kernel: { ...kernel, passiveOpens } }, { isAlone: true });
  assertEquals(counted(100), null);
  assertEquals(counted(101), "the kernel counted 101 connections, the clients made 100");
});

Deno.test("checkAccount() agrees up to 2 %, either way", () => {
  const agrees = (ours: number) =>
    checkAccount(ours, { source: "cgroup v1", cpuSeconds: 1 }).agrees;
  assertEquals([0.979, 0.981, 1, 1.019, 1.021].map(agrees), [false, true, true, true, false]);
});

Deno.test("checkAccount() gives no verdict below 0.1 s, and handles an empty account", () => {
  const check = (ours: number, cpuSeconds: number) => {
    const { difference, agrees } = checkAccount(ours, { source: "schedstat", cpuSeconds });
    return [difference, agrees];
  };
  assertEquals(check(0.05, 0.04)[1], null);
  assertEquals(check(0.2, 0), [null, false]);
  assertEquals(check(0, -0.001), [null, null]);
});
