import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { makePlan } from "./plan.ts";
import { parseSummary, traceDesigns } from "./trace.ts";

const SUMMARY = `
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.05    0.004567           4      1000           read
 38.95    0.002914           5       500        12 accept4
  0.00    0.000000           0         1           rt_sigreturn
------ ----------- ----------- --------- --------- ----------------
100.00    0.007481           4      1501        12 total
`;

Deno.test("parseSummary() reads calls and errors, and leaves the total out", () => {
  assertEquals(parseSummary(SUMMARY), {
    read: { calls: 1000, errors: 0 },
    accept4: { calls: 500, errors: 12 },
    rt_sigreturn: { calls: 1, errors: 0 },
  });
});

const hasStrace = await new Deno.Command("strace", { args: ["-V"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "traceDesigns() counts what a design calls for each connection (ignored without strace)",
  ignore: !hasStrace,
  async fn() {
    const plan = makePlan({ designs: ["prefork-file-lock"], seed: 1, clients: 2, connections: 5 });
    const said: string[] = [];
    const never = new AbortController().signal;
    const traces = await traceDesigns(plan, (text) => said.push(text), never);
    assertEquals(said, ["tracing iterative", "tracing prefork-file-lock"]);
    assertEquals(traces.map(({ design }) => design), ["iterative", "prefork-file-lock"]);
    const [iterative, locked] = traces.map(({ connections, syscalls }) => (name: string) =>
      (syscalls[name]?.calls ?? 0) / connections
    );
    for (const rate of [iterative!, locked!]) {
      assertEquals([rate("write"), rate("close"), rate("read")], [1, 1, 2]);
      // Those who wait when the tracing starts or ends may call it again.
      assertGreaterOrEqual(rate("accept4"), 0.9);
      assertLess(rate("accept4"), 1.1);
    }
    assertEquals(iterative!("fcntl"), 0);
    assertGreaterOrEqual(locked!("fcntl"), 1.8);
  },
});
