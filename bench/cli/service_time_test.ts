import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { requestTimesText } from "../plan/service_time.ts";
import { timesOf } from "./service_time.ts";

Deno.test("timesOf() reads times with and without a unit and a distribution", () => {
  const none = { work: 0, workDistribution: "fixed", wait: 0, waitDistribution: "fixed" } as const;
  assertEquals(timesOf({}), none);
  assertEquals(timesOf({ work: "200", wait: "0.5" }), { ...none, work: 200, wait: 0.5 });
  assertEquals(timesOf({ work: "exp:1.5ms", wait: "500us" }), {
    work: 1500,
    workDistribution: "exponential",
    wait: 0.5,
    waitDistribution: "fixed",
  });
  const refusal = (wait: string) => assertThrows(() => timesOf({ wait }), UsageError).message;
  assertEquals(
    refusal("gauss:5"),
    'Unknown distribution "gauss" of --wait: write --wait 5 for the same time of each request, or ' +
      "--wait exp:5 for exponentially distributed times of that mean",
  );
  assertEquals(refusal("exp:-1"), "--wait must be 0 to 60000 milliseconds, not -1");
});

Deno.test("requestTimesText() says what each request does", () => {
  assertEquals(requestTimesText(timesOf({})), null);
  assertEquals(requestTimesText(timesOf({ work: "200" })), "Each request works 200 µs.");
  assertEquals(
    requestTimesText(timesOf({ work: "200", wait: "exp:5" })),
    "Each request works 200 µs and waits 5 ms (exponential).",
  );
  assertEquals(
    requestTimesText(timesOf({ wait: "exp:1" }), { work: "0", wait: "0, 1, 5" }),
    "Each request waits 0, 1, 5 ms (exponential).",
  );
});
