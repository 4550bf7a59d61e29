/**
 * Random letters and descriptors, such as a caller sends who means harm or has lost its way. The numbers are
 * the same in each run.
 *
 * @module
 */
import { internetAddress, unixAddress } from "../posix/addresses.ts";
import { pipe } from "../posix/descriptors.ts";
import { createEpoll } from "../posix/epoll.ts";
import { close } from "../posix/io.ts";
import { createMemfd, memfdOf } from "../posix/memory.ts";
import { Message, MESSAGE_LIMIT } from "../posix/messages.ts";
import { createSocket, listen, socketPair, SocketType, streamSocket } from "../posix/sockets.ts";
import { Mulberry32 } from "../random.ts";
import { isLong } from "./long.ts";

/** Number of letters to a server. */
export const LETTERS: number = isLong ? 10_000 : 300;

/** Random numbers. */
export class Random extends Mulberry32 {
  below(end: number): number {
    return this.next() % end;
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** An int32: mostly one at which something changes. */
  int(): number {
    return this.once(4) ? this.next() | 0 : this.pick(EDGES);
  }
}

/** Numbers at which something changes: kinds, flags, codes, priorities, sizes. */
const EDGES: readonly number[] = [
  ...[
    -0x8000_0000,
    -65,
    -64,
    -35,
    -34,
    -33,
    -2,
    -1,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    16,
    20,
    40,
    41,
    127,
  ],
  ...[128, 139, 140, 255, 256, 257, 513, 769, 1023, 4096, 65_536, 0x0fff_ffff, 0x7fff_ffff],
];

/** A descriptor of each kind that one can have, and of those that belong to it. */
const DESCRIPTORS: readonly (() => readonly number[])[] = [
  () => [memfdOf("fuzz", new Uint8Array(8))],
  () => [createMemfd("fuzz", 2 ** 33)], // all holes
  () => pipe(),
  () => socketPair(SocketType.stream),
  () => socketPair(SocketType.messages),
  () => socketPair(SocketType.datagrams),
  () => [createEpoll()],
  () => [streamSocket(internetAddress("127.0.0.1", 1))],
  () => [createSocket(unixAddress("\0"), SocketType.messages)],
  () => [createSocket(unixAddress("\0"), SocketType.datagrams)],
  () => [listen(internetAddress("127.0.0.1", 0), "test")],
  () => fullSocket(),
];

/** A socket whose peer reads nothing, and has no room left. */
function fullSocket(): readonly number[] {
  const pair = socketPair(SocketType.messages);
  const message = new Message(MESSAGE_LIMIT);
  message.length = MESSAGE_LIMIT;
  while (message.send(pair[0], false) === "sent");
  return pair;
}

/** Sends a letter: these numbers, then some bytes, with some descriptors. False if it could not be sent. */
export function sendLetter(
  random: Random,
  socket: number,
  message: Message,
  numbers: readonly number[],
): boolean {
  const opened: number[] = [];
  const count = random.once(3) ? random.pick([1, 1, 2, 3, 10, 250]) : 0;
  while (opened.length < count) opened.push(...random.pick(DESCRIPTORS)());
  new Int32Array(message.data.buffer, 0, numbers.length).set(numbers);
  const header = 4 * numbers.length;
  const whole = header + random.pick([0, 0, 1, 8, 100, 4096, 4097, Infinity]);
  message.length = random.once(10) ? random.below(header) : Math.min(whole, message.data.length);
  message.descriptors = opened.slice(0, count);
  try {
    return message.send(socket, false) === "sent";
  } finally {
    opened.forEach(close);
  }
}
