import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { variantsOf } from "./variants.ts";

Deno.test("variantsOf() has defaults for every design", () => {
  assertEquals(variantsOf(["prefork-mutex"], {}), { steer: "hash", policy: "lowest-free" });
});

Deno.test("variantsOf() takes what one of the designs has", () => {
  const ids = ["prefork-mutex", "prethread-reuseport", "prefork-fd-passing"];
  const given = { steer: "cpu", policy: "round-robin" };
  assertEquals(variantsOf(ids, given), given as ReturnType<typeof variantsOf>);
});

Deno.test("variantsOf() refuses what none of the designs has, and names those that have it", () => {
  const error = assertThrows(
    () => variantsOf(["prefork-mutex", "slaunch"], { steer: "cpu" }),
    UsageError,
    "steer with prefork-mutex, slaunch: it is an option of prefork-reuseport, prethread-reuseport",
  );
  assertEquals(error.option, "steer");
  assertThrows(
    () => variantsOf(["slaunch"], { policy: "lowest-free" }),
    UsageError,
    "of prefork-fd-passing, prespawn-fd-passing",
  );
});

Deno.test("variantsOf() refuses a value that there is not, and names those there are", () => {
  assertThrows(
    () => variantsOf(["prefork-fd-passing"], { policy: "fair" }),
    UsageError,
    'Unknown policy "fair": there are lowest-free, round-robin, least-connections',
  );
});
