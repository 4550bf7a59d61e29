import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { requireNaming, workerPatternOf } from "./worker_header.ts";

const REPLY =
  "HTTP/1.1 200 OK\r\nX-Worker-Id: 7\r\nx-worker:  12 a \r\nContent-Length: 8\r\n\r\nworker 9";

const found = (text: string) => new RegExp(workerPatternOf(text), "im").exec(REPLY)?.[1];

Deno.test("workerPatternOf() finds the value of a header, or what a pattern groups", () => {
  assertEquals([found("X-Worker"), found("X-Worker-ID"), found("X")], ["12 a", "7", undefined]);
  assertEquals(found("/^worker (\\d+)/"), "9");
});

Deno.test("workerPatternOf() and requireNaming() refuse what names no worker", () => {
  assertThrows(() => workerPatternOf("X Worker"), UsageError, 'current value is "X Worker"');
  assertThrows(() => workerPatternOf("/(/"), UsageError, "Cannot read --worker-header: ");
  const plan = { workerHeader: null, workersBy: ["header"], service: "http" } as const;
  assertThrows(() => requireNaming(plan), UsageError, "write --worker-header");
  const header = { ...plan, workerHeader: "X-Worker" };
  assertThrows(() => requireNaming({ ...header, service: "bytes" }), UsageError, "bytes");
  requireNaming(header);
});
