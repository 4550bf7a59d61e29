/**
 * Shared by the tests of channels: servers and clients in forked processes, which are killed at the end of the
 * block.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import type { SocketAddress } from "../../posix/addresses.ts";
import { sleep } from "../../posix/clocks.ts";
import { SystemError } from "../../posix/errors.ts";
import { readText } from "../../posix/files.ts";
import { shareMemory } from "../../posix/memory.ts";
import { Message } from "../../posix/messages.ts";
import { type ExitStatus, getpid, kill, wait } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { createSocket, SocketType, tryConnect } from "../../posix/sockets.ts";
import { endAfter } from "../../posix/testing.ts";
import { setThreadPriority, threadPriority } from "../../posix/threads.ts";
import { closing, forkReady } from "../../testing/fork.ts";
import { inTime } from "../../testing/process.ts";
import { channelCreate, channelDestroy } from "./channel.ts";
import { msgReceive } from "./receive.ts";
import { msgReply } from "./reply.ts";
import { resmgrAttach } from "./resource_manager.ts";
import { connectAttach, connectDetach, msgSend } from "./send.ts";

/** Maximum lifetime of a test's process. */
const PATIENCE_SECONDS = 30;

/** A forked process. */
export class Forked implements Disposable {
  readonly pid: number;
  #ended: ExitStatus | undefined;

  /** Returns once `body` has called `ready`. */
  constructor(body: (ready: () => void) => number | void) {
    this.pid = forkReady((ready) => {
      endAfter(PATIENCE_SECONDS); // if the test is blocked and cannot kill it
      return body(ready);
    });
  }

  /** Kills it (SIGKILL) and waits for it to exit. */
  kill(): ExitStatus {
    kill(this.pid, Signal.KILL);
    return this.ended();
  }

  /** Stops it (SIGSTOP) until `resume`. */
  stop(): void {
    kill(this.pid, Signal.STOP);
    until("it is stopped", () => stateOf(this) === "T");
  }

  resume(): void {
    kill(this.pid, Signal.CONT);
  }

  /** Waits for it to exit. */
  ended(): ExitStatus {
    this.#ended ??= wait(this.pid)!;
    return this.#ended;
  }

  [Symbol.dispose](): void {
    if (!this.#ended) this.kill();
  }
}

/** Another thread of this process. */
export class Thread implements Disposable {
  readonly #worker = new Worker(new URL("./testing_thread.ts", import.meta.url), {
    type: "module",
  });

  /** Starts it and waits until it handles messages, which it may not while this thread is blocked. */
  static async start(): Promise<Thread> {
    const thread = new Thread();
    await thread.run("");
    return thread;
  }

  /**
   * Runs the body of a function there, with `channel`, `gettid` and `data` in scope and nothing else of
   * this test. Resolves to its result.
   */
  run(body: string, data: unknown = undefined): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#worker.onmessage = ({ data }: MessageEvent<{ result?: unknown; error?: Error }>) =>
      data.error ? reject(data.error) : resolve(data.result);
    this.#worker.postMessage({ body, data });
    return inTime("a thread", promise, PATIENCE_SECONDS);
  }

  /** Terminates it; it must be idle. */
  end(): void {
    this.#worker.terminate();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

/** A process with a channel. */
export function channelOf(
  flags: number,
  serve: (chid: number) => number | void,
): Forked & { chid: number } {
  const shared = sharedNumbers(1);
  const server = new Forked((ready) => {
    const chid = shared[0] = channelCreate(flags);
    ready();
    return serve(chid);
  });
  return Object.assign(server, { chid: shared[0]! });
}

const buffer = new Uint8Array(1024);

/** Replies to each message with its bytes, and their number as status. */
export function echo(chid: number): never {
  for (;;) {
    const { rcvid, pulse, info } = msgReceive(chid, buffer);
    if (!pulse) msgReply(rcvid, info.msglen, buffer.subarray(0, info.msglen));
  }
}

/** A process with a resource manager that keeps the bytes written last to each descriptor. */
export function keeper(path: string, seconds: number = PATIENCE_SECONDS): Forked {
  return new Forked((ready) => {
    endAfter(seconds);
    const manager = resmgrAttach(path, {
      open: () => ({ kept: new Uint8Array() }),
      read: (handle, length) => handle.kept.slice(0, length),
      write: (handle, bytes) => (handle.kept = bytes.slice()).length,
      message: ({ kept }, bytes) => ({ status: kept.length, bytes: bytes.slice().reverse() }),
    });
    ready();
    for (;;) manager.handle();
  });
}

/** Sends bytes over a raw connection; returns whether the server disconnects. */
export function isCutOff(address: SocketAddress, bytes: Uint8Array): boolean {
  const socket = createSocket(address, SocketType.messages);
  using _ = closing(socket);
  if (tryConnect(socket, address) !== 0) return true;
  const packet = new Message(100, 0);
  packet.data.set(bytes);
  packet.length = bytes.length;
  packet.send(socket);
  return packet.receive(socket) === "closed";
}

/** Asserts that a call fails with an error number. */
export function assertErrno(errno: number, call: () => unknown): void {
  assertEquals(assertThrows(call, SystemError).errno, errno);
}

/** The state of a process (proc_pid_stat(5)). */
export function stateOf({ pid }: Forked): string {
  return readText(`/proc/${pid}/stat`).match(/\) (\S)/)![1]!;
}

/** Waits until a process sleeps, as a sender without reply does. */
export function blocked(process: Forked): void {
  until("it is blocked", () => stateOf(process) === "S");
}

/** Numbers shared by forked processes. */
export function sharedNumbers(count: number): Int32Array<ArrayBuffer> {
  return new Int32Array(shareMemory(4 * count).buffer);
}

/** Waits until a condition holds. */
export function until(what: string, isSo: () => boolean): void {
  for (const end = performance.now() + 1000 * PATIENCE_SECONDS; !isSo();) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer until ${what}`);
    sleep(1);
  }
}

/** A unique name. */
export function uniqueName(): string {
  return `test-${crypto.randomUUID()}`;
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of bytes, up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}

/** A connection to a server's channel that is detached at the end of the block. */
export function connectionTo(
  { pid, chid }: { pid: number; chid: number },
): Disposable & { coid: number } {
  const coid = connectAttach(0, pid, chid);
  return { coid, [Symbol.dispose]: () => connectDetach(coid) };
}

/** A channel of this process that is destroyed at the end of the block. */
export function ownChannel(flags = 0): Disposable & { chid: number; pid: number } {
  const chid = channelCreate(flags);
  const priority = threadPriority();
  return {
    chid,
    pid: getpid(),
    [Symbol.dispose]() {
      channelDestroy(chid);
      setThreadPriority(priority); // receiving may have changed it
    },
  };
}

/** A process that sends one message and is blocked in it on return. It exits with the status. */
export function sender(
  { pid, chid }: { pid: number; chid: number },
  text: string,
  prepare: () => void = () => {},
): Forked {
  const client = new Forked((ready) => {
    prepare();
    const coid = connectAttach(0, pid, chid);
    const message = bytesOf(text);
    ready();
    return msgSend(coid, message);
  });
  blocked(client);
  return client;
}
