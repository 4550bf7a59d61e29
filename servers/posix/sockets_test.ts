import { assertEquals, assertThrows } from "@std/assert";
import { closing, forkReady, inChild, waitFor } from "../testing/fork.ts";
import { boundAddress, internetAddress, type SocketAddress, unixAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { Errno, SystemError } from "./errors.ts";
import { readText, tryReadText } from "./files.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { libc } from "./libc.ts";
import { getpid, kill, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";
import { eventually } from "../testing/process.ts";
import {
  accept,
  bind,
  boundSocket,
  connect,
  createSocket,
  isListening,
  isSocket,
  isStream,
  listen,
  setTimeouts,
  shutDown,
  shutDownWrite,
  socketPair,
  socketTimeout,
  SocketType,
  startListening,
  streamSocket,
  tryAccept,
  tryConnect,
  tryRead,
  tryWrite,
} from "./sockets.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Reads once and as text. */
function textFrom(fd: number): string {
  const buffer = new Uint8Array(100);
  return new TextDecoder().decode(buffer.subarray(0, read(fd, buffer)));
}

function send(fd: number, text: string): void {
  write(fd, bytesOf(text), bytesOf(text).length);
}

/** Connects client and server and sends a word each way. */
function exchange(listener: number, address: SocketAddress): void {
  const client = streamSocket(address, socketTimeout(5));
  connect(client, address);
  const server = accept(listener);
  using _ = closing(client, server);
  send(client, "moo");
  assertEquals(textFrom(server), "moo");
  send(server, "baa");
  assertEquals(textFrom(client), "baa");
}

Deno.test("listen(), connect() and accept() work over IPv4", () => {
  const listener = listen(internetAddress("127.0.0.1", 0), "test");
  using _ = closing(listener);
  const { host, port } = boundAddress(listener);
  assertEquals(host, "127.0.0.1");
  exchange(listener, internetAddress("127.0.0.1", port));
});

const hasIPv6 = /^0{31}1 /m.test(tryReadText("/proc/net/if_inet6") ?? "");

Deno.test({
  name: `listen(), connect() and accept() work over IPv6${hasIPv6 ? "" : " (no ::1 here)"}`,
  ignore: !hasIPv6,
  fn() {
    const listener = listen(internetAddress("::1", 0), "test");
    using _ = closing(listener);
    const { host, port } = boundAddress(listener);
    assertEquals(host, "::1");
    exchange(listener, internetAddress("::1", port));
  },
});

Deno.test("listen(), connect() and accept() work over a path", () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/herd ü`;
  const listener = listen(unixAddress(path), "test");
  using _ = closing(listener);
  try {
    assertEquals(boundAddress(listener), { host: path, port: 0 });
    exchange(listener, unixAddress(path));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("listen(), connect() and accept() work over an abstract name", () => {
  const name = `\0herd-test-${getpid()}`;
  const listener = listen(unixAddress(name), "test");
  using _ = closing(listener);
  assertEquals(boundAddress(listener), { host: name, port: 0 });
  exchange(listener, unixAddress(name));
});

const PRLIMIT = "/usr/bin/prlimit";

const hasPrlimit = tryReadText(PRLIMIT) !== undefined;

Deno.test({
  name: `accept() waits until a descriptor is free${hasPrlimit ? "" : " (no prlimit(1) here)"}`,
  ignore: !hasPrlimit,
  fn() {
    const address = unixAddress(`\0herd-test-starved-${getpid()}`);
    const listener = listen(address, "test");
    const client = streamSocket(address, socketTimeout(5));
    const [output, input] = pipe();
    using _ = closing(listener, client, output, input);
    const pid = fork(() => {
      // Linux reserves the descriptor before it waits for a connection, so the limit must be set before.
      read(output, new Uint8Array(1));
      send(accept(listener), "moo");
    });
    const limitDescriptors = (most: number) => {
      const args = ["--pid", String(pid), `--nofile=${most}:`];
      assertEquals(new Deno.Command(PRLIMIT, { args }).outputSync().code, 0);
    };
    limitDescriptors(3);
    connect(client, address);
    send(input, "!");
    assertEquals(waitForExit(pid, 50), false);
    limitDescriptors(1000);
    assertEquals(textFrom(client), "moo");
    assertEquals(waitFor(pid).code, 0);
  },
});

Deno.test("streamSocket() sets timeouts", () => {
  const address = unixAddress(`\0herd-test-silent-${getpid()}`);
  const listener = listen(address, "test");
  const client = streamSocket(address, socketTimeout(0.02));
  using _ = closing(listener, client);
  connect(client, address);
  const { call, code } = assertThrows(() => textFrom(client), SystemError);
  assertEquals({ call, code }, { call: "read", code: "EAGAIN" });
  const { code: ending } = inChild(() => {
    const full = () => {
      for (;;) send(client, "x".repeat(65536));
    };
    return assertThrows(full, SystemError).errno;
  });
  assertEquals(ending, Errno.EAGAIN);
});

Deno.test("connect() goes on in a process that was stopped and continues, although it has a timeout", async () => {
  const address = unixAddress(`\0herd-test-full-${getpid()}`);
  const listener = listen(address, "test");
  libc.listen(listener, 0); // room for one connection: the next connect() waits
  const first = streamSocket(address);
  using _ = closing(listener, first);
  connect(first, address);
  const pid = forkReady((ready) => {
    const socket = streamSocket(address, socketTimeout(30));
    ready();
    connect(socket, address);
    send(socket, "moo");
  });
  const state = () => readText(`/proc/${pid}/stat`).split(") ")[1]![0];
  await eventually("its wait", () => state() === "S" || undefined);
  kill(pid, Signal.STOP);
  await eventually("its stop", () => state() === "T" || undefined);
  kill(pid, Signal.CONT);
  await eventually("its wait", () => state() === "S" || state() === "Z" || undefined);
  close(accept(listener));
  assertEquals(waitFor(pid).code, 0);
  const second = accept(listener);
  assertEquals(textFrom(second), "moo");
  close(second);
});

Deno.test("socketTimeout() is a struct timeval", () => {
  const parts = (seconds: number) => [...new BigInt64Array(socketTimeout(seconds).bytes.buffer)];
  assertEquals(parts(0.25), [0n, 250_000n]);
  assertEquals(parts(3), [3n, 0n]);
});

Deno.test("socketPair() connects both ways, until one end shuts down writing", () => {
  const [left, right] = socketPair();
  using _ = closing(left, right);
  send(left, "moo");
  assertEquals(textFrom(right), "moo");
  shutDownWrite(left);
  assertEquals(textFrom(right), "");
  send(right, "baa");
  assertEquals(textFrom(left), "baa");
});

Deno.test("tryRead() reads input, −1 without input, and 0 at end of file", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  const buffer = new Uint8Array(3);
  assertEquals(tryRead(left, buffer), -1);
  send(right, "four");
  assertEquals([tryRead(left, buffer), tryRead(left, buffer)], [3, 1]);
  close(right);
  assertEquals(tryRead(left, buffer), 0);
});

Deno.test("tryWrite() writes until the buffer is full", () => {
  const [left, right] = socketPair();
  using _ = closing(left, right);
  const buffer = new Uint8Array(65536);
  let written = 0;
  for (let count; (count = tryWrite(left, buffer, buffer.length)) > 0;) written += count;
  assertEquals(tryWrite(left, buffer, 1), 0);
  for (let left = written; left > 0;) left -= read(right, buffer);
  assertEquals(tryWrite(left, buffer, 1), 1);
});

Deno.test("tryRead() and tryWrite() throw after the peer has closed", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  send(left, "unread");
  close(right);
  const buffer = new Uint8Array(1);
  assertEquals(assertThrows(() => tryRead(left, buffer), SystemError).code, "ECONNRESET");
  assertEquals(assertThrows(() => tryWrite(left, buffer, 1), SystemError).code, "EPIPE");
});

Deno.test("isSocket() tells a socket from a pipe and from no descriptor", () => {
  const [left, right] = socketPair();
  const [output, input] = pipe();
  using _ = closing(left, right, output, input);
  const listener = listen(internetAddress("127.0.0.1", 0), "listen");
  using _listener = closing(listener);
  assertEquals([left, listener, output, 1_000_000].map(isSocket), [true, true, false, false]);
});

/** The error number of a failing call. */
function errnoOf(call: () => unknown): number {
  return assertThrows(call, SystemError).errno;
}

Deno.test("bind() and tryConnect() address datagrams, or fail with an error number", () => {
  const address = unixAddress(`\0herd-test-${getpid()}`);
  const receiver = createSocket(address, SocketType.datagrams);
  const sender = createSocket(address, SocketType.datagrams);
  using _ = closing(receiver, sender);
  assertEquals(tryConnect(sender, address), Errno.ECONNREFUSED);
  bind(receiver, address, "test");
  assertEquals(errnoOf(() => bind(sender, address, "test")), Errno.EADDRINUSE);
  assertEquals(tryConnect(sender, address), 0);
  for (const text of ["moo", "baa"]) send(sender, text);
  assertEquals([textFrom(receiver), textFrom(receiver)], ["moo", "baa"]);
});

Deno.test("tryAccept() does not wait for a descriptor to become free", () => {
  const address = unixAddress(`\0herd-test-${getpid()}`);
  const listener = listen(address, "test");
  const client = streamSocket(address);
  using _ = closing(listener, client);
  connect(client, address);
  const { code } = inChild(() => {
    try {
      for (;;) streamSocket(address);
    } catch {
      return tryAccept(listener) === -1 ? 0 : 1;
    }
  });
  assertEquals(code, 0);
  close(tryAccept(listener));
});

Deno.test("shutDown() ends a connection for both sides, and may be repeated", () => {
  const [own, other] = socketPair();
  using _ = closing(own, other);
  shutDown(own);
  assertEquals([textFrom(own), textFrom(other)], ["", ""]);
  shutDown(own);
});

Deno.test("setTimeouts() sets timeouts and disables them", () => {
  const [own, other] = socketPair();
  using _ = closing(own, other);
  setTimeouts(own, socketTimeout(0.05));
  assertEquals(errnoOf(() => textFrom(own)), Errno.EAGAIN);
  setTimeouts(own, socketTimeout(0));
  const child = fork(() => {
    waitForExit(getpid(), 200); // longer than the timeout was
    send(other, "moo");
  });
  assertEquals(textFrom(own), "moo");
  assertEquals(waitFor(child).code, 0);
});

Deno.test("isStream() tells stream sockets from others, and from what is no socket", () => {
  const pairs = [SocketType.stream, SocketType.messages, SocketType.datagrams].map((type) =>
    socketPair(type)
  );
  using _ = closing(...pairs.flat());
  assertEquals(pairs.map(([end]) => isStream(end)), [true, false, false]);
  assertEquals(isStream(-1), false);
});

Deno.test("isListening() tells listening sockets from others", () => {
  const bound = boundSocket(internetAddress("127.0.0.1", 0), "test");
  using _ = closing(bound);
  assertEquals([isListening(bound), isListening(-1)], [false, false]);
  startListening(bound, "test");
  assertEquals(isListening(bound), true);
  shutDown(bound);
  assertEquals(isListening(bound), false);
});
