import { assertEquals } from "@std/assert";
import fc from "../testing/fast_check.ts";
import { Timers } from "./timers.ts";

Deno.test("Timers.take() returns connections in the order of their times, and none before its time", () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 100 });
  fc.assert(fc.property(times, fc.array(fc.integer({ min: 0, max: 60 })), (times, nows) => {
    const timers = new Timers();
    times.forEach((time, connection) => timers.add(time, connection));
    const left = new Map(times.map((time, connection) => [connection, time]));
    for (const now of [...nows, 50]) {
      for (let connection; (connection = timers.take(now)) !== -1;) {
        assertEquals(left.get(connection), Math.min(...left.values()));
        left.delete(connection);
      }
      assertEquals([...left.values()].every((time) => time > now), true);
      assertEquals(timers.next, Math.min(...left.values()));
    }
    assertEquals(left.size, 0);
  }));
});
