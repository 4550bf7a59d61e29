import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { duplicate, notify, READABLE, WRITABLE } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { socketPair } from "../posix/sockets.ts";
import { closing } from "../testing/fork.ts";
import { EpollPoller, type EventPoller, pollers } from "./pollers.ts";

/** What is ready now, sorted. */
function readyOf(poller: EventPoller): number[] {
  return Array.from({ length: poller.wait(0) }, (_, i) => poller.ready(i)).toSorted((a, b) =>
    a - b
  );
}

Deno.test("EpollPoller.forget() ends the events of a connection of which another process has a descriptor", () => {
  using poller = new EpollPoller(true);
  const [one, other] = socketPair();
  const copy = duplicate(one);
  using _ = closing(copy, other);
  poller.watch(one, READABLE);
  notify(other);
  poller.forget(one);
  close(one);
  assertEquals(readyOf(poller), []);
});

for (const [name, newPoller] of Object.entries(pollers)) {
  Deno.test(`${name}: EventPoller reports what is ready for what it is watched for, as long as it is`, () => {
    const pairs = [socketPair(), socketPair(), socketPair()] as const;
    using _ = closing(...pairs.flat());
    using poller = newPoller();
    const [[a, peerOfA], [b], [c, peerOfC]] = pairs;
    for (const descriptor of [a, b, c]) poller.watch(descriptor, READABLE);
    assertEquals(readyOf(poller), []);
    notify(peerOfA);
    notify(peerOfC);
    for (let i = 0; i < 2; i++) assertEquals(readyOf(poller), [a, c].toSorted((a, b) => a - b));
    poller.watch(a, 0);
    poller.watch(a, 0);
    assertEquals(readyOf(poller), [c]);
    poller.watch(b, WRITABLE);
    assertEquals(readyOf(poller), [b, c].toSorted((a, b) => a - b));
    poller.watch(b, READABLE);
    poller.watch(c, 0);
    poller.watch(a, READABLE);
    assertEquals(readyOf(poller), [a]);
  });

  Deno.test(`${name}: EventPoller watches a descriptor anew whose number was another's`, () => {
    using poller = newPoller();
    for (let i = 0; i < 3; i++) {
      const [one, other] = socketPair();
      poller.watch(one, READABLE);
      assertEquals(readyOf(poller), []);
      close(other);
      assertEquals(readyOf(poller), [one]);
      if (i === 0) poller.watch(one, 0);
      else poller.forget(one);
      close(one);
    }
    assertEquals(readyOf(poller), []);
  });

  Deno.test(`${name}: EventPoller.wait() waits for fractions of a millisecond, and not less`, () => {
    using poller = newPoller();
    const [one, other] = socketPair();
    using _ = closing(one, other);
    poller.watch(one, READABLE);
    const start = monotonicNanoseconds();
    assertEquals(poller.wait(1.5), 0);
    assertGreaterOrEqual(monotonicNanoseconds() - start, 1.5e6);
    notify(other);
    assertEquals([poller.wait(1000.5), poller.ready(0)], [1, one]);
  });
}
