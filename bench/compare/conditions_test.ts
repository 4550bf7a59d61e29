import { assertEquals } from "@std/assert";
import { record } from "../report/testing_fixture.ts";
import { differingConditions } from "./conditions.ts";

const { run } = record([{ design: "iterative" }]);

Deno.test("differingConditions() names what differs, with both values", () => {
  const other = {
    ...run,
    environment: { ...run.environment, kernel: "7.0", cpu: null },
    plan: { ...run.plan, bytes: 1, local: true },
  };
  assertEquals(differingConditions(run, other), [
    "kernel: 6.18.5 in A, 7.0 in B",
    "cpu: Example CPU in A, unknown in B",
    "bytes: 4000 in A, 1 in B",
    "local: false in A, true in B",
  ]);
});

Deno.test("differingConditions() takes no notice of what runs are compared for", () => {
  const later = {
    ...run,
    startedAt: "2026-01-01T00:00:00Z",
    herd: "0.2.0",
    plan: { ...run.plan, seed: 1, rounds: 30, designs: [] },
    environment: { ...run.environment, commit: "abc", memoryBytes: 1 },
  };
  assertEquals(differingConditions(run, later), []);
});
