/**
 * Waiting until a listening socket has a connection, in one of several processes that do: the calls of
 * UNP chapter 6 and their successors. Each decides whom the kernel wakes.
 *
 * @module
 */
import { doNotBlock, Poller } from "./descriptors.ts";
import { createEpoll, LevelEpoll } from "./epoll.ts";
import { retryOrThrow } from "./errors.ts";
import { close } from "./io.ts";
import { libc } from "./libc.ts";

/** Waits for one descriptor. */
interface Wait extends Disposable {
  wait(): void;
}

const nothing = () => {};

/** By select(2): it gets one bit for each descriptor up to the highest, and clears those that are not ready. */
function bySelect(descriptor: number): Wait {
  const set = new Uint8Array(8 * Math.ceil((descriptor + 1) / 64));
  const [at, bit] = [descriptor >> 3, 1 << (descriptor & 7)];
  return {
    wait() {
      for (;;) {
        set[at] = bit;
        if (libc.select(descriptor + 1, set, null, null, null) >= 0) return;
        retryOrThrow("select", "wait for a client");
      }
    },
    [Symbol.dispose]: nothing,
  };
}

/** By poll(2). */
function byPoll(descriptor: number): Wait {
  const poller = new Poller([descriptor]);
  return { wait: () => void poller.wait(), [Symbol.dispose]: nothing };
}

/** By an epoll instance of its own (epoll(7)), level-triggered. */
function byEpoll(descriptor: number, isExclusive: boolean): Wait {
  const epoll = createEpoll();
  const level = new LevelEpoll(epoll);
  if (isExclusive) level.addExclusively(descriptor, 0);
  else level.add(descriptor, 0);
  return { wait: () => void level.wait(-1), [Symbol.dispose]: () => close(epoll) };
}

/** The ways to wait for a descriptor, which does not block from then on. */
export const waiting = {
  select: bySelect,
  poll: byPoll,
  epoll: (descriptor: number) => byEpoll(descriptor, false),
  "epoll-exclusive": (descriptor: number) => byEpoll(descriptor, true),
} as const;

/** Opens one of them. */
export function openWait(by: keyof typeof waiting, descriptor: number): Wait {
  doNotBlock(descriptor);
  return waiting[by](descriptor);
}
