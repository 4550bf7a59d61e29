/**
 * The means of message passing that the command `messages` measures.
 *
 * @module
 */
import { attach, detach, transact } from "../../servers/ipc/channel/connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "../../servers/ipc/channel/flags.ts";
import { closeDoor, doorCall, openDoor } from "../../servers/ipc/door/mod.ts";
import { boundAddress, internetAddress, unixAddress } from "../../servers/posix/addresses.ts";
import { pipe } from "../../servers/posix/descriptors.ts";
import { fork } from "../../servers/posix/fork.ts";
import { close, read, write } from "../../servers/posix/io.ts";
import { dieWithParent, getpid } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { accept, connect, socketPair, streamSocket } from "../../servers/posix/sockets.ts";
import { answer } from "../../servers/service/bytes.ts";
import { listenOn } from "../../servers/transports/port.ts";
import type { WorkerStart } from "./messages_worker.ts";
import { startServer } from "../agents/server.ts";

/** A request of eight bytes for a reply of eight bytes. */
const REQUEST = new TextEncoder().encode("0000008\n");
const reply = new Uint8Array(8);

/** How to attach to a channel, and the message to send. */
const ATTACHED = {
  index: SIDE_CHANNEL,
  flags: ConnectFlag.CLOEXEC,
  call: "connectAttach",
  action: "measure a channel",
};
const TRANSACTION = { call: "msgSend", type: MessageType.own, message: REQUEST, reply };

/** A means of message passing. */
export interface Means {
  readonly name: string;
  /** Where the call is answered. */
  readonly where: "this thread" | "another thread" | "another process";
  /** Number of calls timed together, if one is too short to time. */
  readonly together?: number;
  /** Starts what answers, and returns the function that makes one call. */
  readonly prepare: (stack: AsyncDisposableStack) => (() => void) | Promise<() => void>;
}

/** Forks a process that echoes. It ends with this one. */
function echo(input: number, output: number, others: readonly number[] = []): void {
  const parent = getpid();
  fork(() => {
    dieWithParent(parent, Signal.KILL);
    others.forEach(close);
    const bytes = new Uint8Array(8);
    while (read(input, bytes) > 0) write(output, bytes, bytes.length);
  });
}

/** A call over two descriptors, one to write to and one to read from. */
function over(output: number, input: number): () => void {
  return () => {
    write(output, REQUEST, REQUEST.length);
    read(input, reply);
  };
}

/** All means. Those that fork come first: a process with Workers must not fork. */
export const means: readonly Means[] = [
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
      const listener = listenOn(0);
      const { host, port } = boundAddress(listener);
      const address = internetAddress(host, port);
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

/** Starts a server of that design under an abstract name, and returns the name. */
async function serverAt(design: "door" | "channel", stack: AsyncDisposableStack): Promise<string> {
  const path = `@herd-${crypto.randomUUID()}`;
  const server = stack.use(startServer({ design, path, children: 2 }));
  await server.next("ready", 30);
  return path.replace("@", "\0");
}
