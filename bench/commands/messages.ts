/**
 * Benchmark: how long a call takes, from asking to having the answer, over each means there is to ask
 * somebody else: eight bytes there, eight bytes back. The book says of doors that they are faster than
 * almost every other (UNP volume 2, §15.1 and appendix A).
 *
 * @module
 */
import { attach, detach, transact } from "../../servers/ipc/channel/connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "../../servers/ipc/channel/flags.ts";
import { defineCommand } from "../cli/command.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode } from "../../servers/errors.ts";
import { closeDoor, doorCall, openDoor } from "../../servers/ipc/door/mod.ts";
import { boundAddress, internetAddress, unixAddress } from "../../servers/posix/addresses.ts";
import { pipe } from "../../servers/posix/descriptors.ts";
import { fork, requireFork } from "../../servers/posix/fork.ts";
import { close, read, write } from "../../servers/posix/io.ts";
import { dieWithParent, getpid } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { accept, connect, listen, socketPair, streamSocket } from "../../servers/posix/sockets.ts";
import { answer } from "../../servers/service/bytes.ts";
import type { WorkerStart } from "./messages_worker.ts";
import { median } from "../statistics/median.ts";
import { startServer } from "../agents/server.ts";

const flags = {
  calls: {
    kind: "integer",
    value: "N",
    default: 5000,
    min: 100,
    max: 1_000_000,
    help: "calls of each means in a round",
  },
  rounds: {
    kind: "integer",
    value: "N",
    default: 5,
    min: 1,
    max: 100,
    help: "rounds, in which they take turns",
  },
} as const;

export const command = defineCommand({
  name: "messages",
  operands: "",
  description: "Measure how long a call takes over each means of passing messages, in µs.",
  flags,
  run: messages,
});

/** Asks the service for eight bytes, and is eight bytes long. */
const REQUEST = new TextEncoder().encode("0000008\n");
const reply = new Uint8Array(8);

/** How a channel is attached to, and what is sent over it. */
const ATTACHED = {
  index: SIDE_CHANNEL,
  flags: ConnectFlag.CLOEXEC,
  call: "connectAttach",
  action: "measure a channel",
};
const TRANSACTION = { call: "msgSend", type: MessageType.own, message: REQUEST, reply };

/** A means to call somebody. */
interface Means {
  readonly name: string;
  /** Who answers. */
  readonly where: "this thread" | "another thread" | "another process";
  /** So short that this many are timed together. */
  readonly together?: number;
  /** Gets ready whoever answers, and gives what one call is. */
  readonly prepare: (stack: AsyncDisposableStack) => (() => void) | Promise<() => void>;
}

/** A process that sends back what it is sent. It ends with this one. */
function echo(input: number, output: number, others: readonly number[] = []): void {
  const parent = getpid();
  fork(() => {
    dieWithParent(parent, Signal.KILL);
    others.forEach(close);
    const bytes = new Uint8Array(8);
    while (read(input, bytes) > 0) write(output, bytes, bytes.length);
  });
}

/** A call over descriptors: the one written to, the one read from. */
function over(output: number, input: number): () => void {
  return () => {
    write(output, REQUEST, REQUEST.length);
    read(input, reply);
  };
}

/** All of them. Those that fork come first: a process with Workers is better not forked. */
const means: readonly Means[] = [
  {
    name: "pipe",
    where: "another process",
    prepare() {
      const [[input, there], [here, output]] = [pipe(), pipe()];
      echo(input, output, [there, here]);
      [input, output].forEach(close);
      return over(there, here);
    },
  },
  {
    name: "Unix-domain socket",
    where: "another process",
    prepare() {
      const [here, there] = socketPair();
      echo(there, there, [here]);
      close(there);
      return over(here, here);
    },
  },
  {
    name: "TCP",
    where: "another process",
    prepare() {
      const listener = listen(internetAddress("127.0.0.1", 0), "measure TCP");
      const address = internetAddress("127.0.0.1", boundAddress(listener).port);
      const here = streamSocket(address);
      connect(here, address);
      const there = accept(listener);
      echo(there, there, [here, listener]);
      [there, listener].forEach(close);
      return over(here, here);
    },
  },
  {
    name: "door call",
    where: "another process",
    async prepare(stack) {
      const door = openDoor(await serverAt("door", stack));
      return () => doorCall(door, { data: REQUEST, resultSize: 8 });
    },
  },
  {
    name: "door: open, call, close",
    where: "another process",
    async prepare(stack) {
      const path = await serverAt("door", stack);
      return () => {
        const door = openDoor(path);
        doorCall(door, { data: REQUEST, resultSize: 8 });
        closeDoor(door);
      };
    },
  },
  {
    name: "message channel",
    where: "another process",
    async prepare(stack) {
      const path = await serverAt("channel", stack);
      const coid = attach(unixAddress(path), ATTACHED);
      return () => transact(coid, TRANSACTION);
    },
  },
  {
    name: "channel: attach to detach",
    where: "another process",
    async prepare(stack) {
      const address = unixAddress(await serverAt("channel", stack));
      return () => {
        const coid = attach(address, ATTACHED);
        transact(coid, TRANSACTION);
        detach(coid, "connectDetach");
      };
    },
  },
  {
    name: "Atomics",
    where: "another thread",
    async prepare(stack) {
      const memory = new SharedArrayBuffer(64);
      const turn = new Int32Array(memory, 0, 1);
      const bytes = new Uint8Array(memory, 8, 8);
      const worker = new Worker(new URL("./messages_worker.ts", import.meta.url), {
        type: "module",
      });
      stack.defer(() => worker.terminate());
      await new Promise((resolve) => {
        worker.onmessage = resolve;
        worker.postMessage({ memory } satisfies WorkerStart);
      });
      return () => {
        bytes.set(REQUEST);
        Atomics.store(turn, 0, 1);
        Atomics.notify(turn, 0);
        Atomics.wait(turn, 0, 1);
        reply.set(bytes);
      };
    },
  },
  {
    name: "function call",
    where: "this thread",
    together: 1000,
    prepare: () => () => void answer(REQUEST),
  },
];

/** Starts a server of that design under a name that no file has, which is the result. */
async function serverAt(design: "door" | "channel", stack: AsyncDisposableStack): Promise<string> {
  const path = `@herd-${crypto.randomUUID()}`;
  const server = stack.use(startServer({ design, path, children: 2 }));
  await server.next("ready", 30);
  return path.replace("@", "\0");
}

/** Microseconds of each call, sorted. */
function measure(call: () => void, calls: number, together = 1): Float64Array {
  return Float64Array.from({ length: calls }, () => {
    const began = performance.now();
    for (let i = 0; i < together; i++) call();
    return (performance.now() - began) * 1000 / together;
  }).sort();
}

/** What was measured of one means, a figure a round. */
interface Measured {
  readonly medians: number[];
  readonly p99s: number[];
}

async function messages(
  { flags: { calls, rounds } }: { flags: Record<"calls" | "rounds", number> },
) {
  requireFork();
  await using stack = new AsyncDisposableStack();
  const ready: (() => void)[] = [];
  for (const { prepare } of means) ready.push(await prepare(stack));
  const measured = means.map((): Measured => ({ medians: [], p99s: [] }));
  // The first round is for V8 and the caches.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { together }] of means.entries()) {
      const times = measure(ready[i]!, calls, together);
      if (round === 0) continue;
      measured[i]!.medians.push(times[calls >> 1]!);
      measured[i]!.p99s.push(times[Math.floor(calls * 0.99)]!);
    }
  }
  print(measured);
  return ExitCode.ok;
}

const digits = (us: number) => us.toFixed(us < 1 ? 3 : 1);

function print(measured: readonly Measured[]): void {
  const rows = means.map(({ name, where }, i) => ({ name, where, ...measured[i]! }))
    .toSorted((a, b) => median(a.medians) - median(b.medians));
  printLine("8 bytes there and back, µs: median and p99 of a round, medians over rounds");
  printLine(
    `${"means".padEnd(26)}${"answered in".padEnd(18)}  median       p99  (medians: least – most)`,
  );
  for (const { name, where, medians, p99s } of rows) {
    const [low, high] = [Math.min(...medians), Math.max(...medians)];
    printLine(
      `${name.padEnd(26)}${where.padEnd(18)}${digits(median(medians)).padStart(8)}` +
        `${digits(median(p99s)).padStart(10)}  (${digits(low)} – ${digits(high)})`,
    );
  }
  printLine(`\n${verdict(rows)}`);
}

/** Whether the book's claim holds here. */
function verdict(
  rows: readonly (Pick<Means, "name" | "where"> & Measured)[],
): string {
  const others = rows.filter(({ name, where }) => where === "another process" && !isOurs(name));
  const door = median(rows.find(({ name }) => name === "door call")!.medians);
  const beaten = others.filter(({ medians }) => median(medians) > door);
  const ratios = others.map(({ name, medians }) =>
    `${(door / median(medians)).toFixed(2)} × ${name}`
  );
  return `A door call takes ${ratios.join(", ")}: that doors are faster than almost every other ` +
    `message passing ${
      beaten.length >= others.length - 1 ? "holds" : "does not hold"
    } here, where they are made of Unix sockets.`;
}

/** Whether it is a means made here of Unix sockets. */
const isOurs = (name: string) => name.startsWith("door") || name.includes("channel");
