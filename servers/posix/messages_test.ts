import { assertEquals, assertThrows } from "@std/assert";
import { closing, inChild, waitFor } from "../testing/fork.ts";
import { unixAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { SystemError } from "./errors.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import {
  DESCRIPTOR_LIMIT,
  enableCredentials,
  Message,
  MESSAGE_LIMIT,
  messagePair,
  peerCredentials,
} from "./messages.ts";
import { getpid, getuid } from "./processes.ts";
import {
  accept,
  connect,
  createSocket,
  listen,
  socketPair,
  socketTimeout,
  SocketType,
} from "./sockets.ts";
import { getgid } from "./testing.ts";

const byte = new Uint8Array(1);

/** A message with this text. */
function messageOf(text: string, ...descriptors: number[]): Message {
  const message = new Message(MESSAGE_LIMIT);
  message.length = new TextEncoder().encodeInto(text, message.data).written;
  message.descriptors = descriptors;
  return message;
}

/** The received text. */
function textOf({ data, length }: Message): string {
  return new TextDecoder().decode(data.subarray(0, length));
}

const isAtEnd = (descriptor: number) => read(descriptor, byte) === 0;

Deno.test("Message keeps message boundaries", () => {
  const [left, right] = messagePair();
  using _ = closing(left, right);
  const incoming = new Message(MESSAGE_LIMIT);
  for (const text of ["moo", "m", "x".repeat(MESSAGE_LIMIT)]) {
    assertEquals(messageOf(text).send(left), "sent");
  }
  for (const text of ["moo", "m", "x".repeat(MESSAGE_LIMIT)]) {
    assertEquals(incoming.receive(right), "message");
    assertEquals(textOf(incoming), text);
    assertEquals(incoming.descriptors, []);
  }
});

Deno.test("Message passes DESCRIPTOR_LIMIT descriptors to another process", () => {
  const [left, right] = messagePair();
  const pipes = Array.from({ length: DESCRIPTOR_LIMIT }, pipe);
  using _ = closing(...pipes.map(([output]) => output), left);
  const child = fork(() => {
    close(left);
    for (const descriptor of pipes.flat()) close(descriptor);
    const incoming = new Message(8, DESCRIPTOR_LIMIT);
    incoming.receive(right);
    incoming.descriptors.forEach((descriptor, i) => write(descriptor, new Uint8Array([i]), 1));
  });
  close(right);
  const outgoing = new Message(8, DESCRIPTOR_LIMIT);
  outgoing.length = 1;
  outgoing.descriptors = pipes.map(([, input]) => input);
  assertEquals(outgoing.send(left), "sent");
  for (const [i, [output, input]] of pipes.entries()) {
    close(input);
    assertEquals([read(output, byte), byte[0]], [1, i]);
  }
  assertEquals(waitFor(child).code, 0);
});

Deno.test("Message refuses more descriptors than its maximum", () => {
  const message = new Message(8, 2);
  message.descriptors = [0, 1, 2];
  assertThrows(
    () => message.send(-1),
    RangeError,
    "Cannot send 3 descriptors: the maximum is 2",
  );
});

Deno.test("Message has its sender's credentials, not those of the socket's creator", () => {
  const [left, right] = messagePair();
  using _ = closing(left, right);
  const incoming = new Message(8);
  const ids = { uid: getuid(), gid: getgid() };
  messageOf("moo").send(left);
  const { pid } = inChild(() => void messageOf("baa").send(left));
  for (const sender of [getpid(), pid]) {
    incoming.receive(right);
    assertEquals(incoming.sender, { pid: sender, ...ids });
  }
  assertEquals(peerCredentials(right), { pid: getpid(), ...ids });
});

Deno.test({
  name: "Message has its sender's user" +
    (getuid() === 0 ? "" : " (only root can become another user)"),
  ignore: getuid() !== 0,
  fn() {
    const [left, right] = messagePair();
    using _ = closing(left, right);
    const user = Deno.dlopen("libc.so.6", {
      setgid: { parameters: ["u32"], result: "i32" },
      setuid: { parameters: ["u32"], result: "i32" },
    });
    const { code, pid } = inChild(() => {
      if (user.symbols.setgid(65534) !== 0 || user.symbols.setuid(65533) !== 0) return 1;
      messageOf("moo").send(left);
    });
    user.close();
    assertEquals(code, 0);
    const incoming = new Message(8);
    incoming.receive(right);
    assertEquals(incoming.sender, { pid, uid: 65533, gid: 65534 });
  },
});

Deno.test("Message reports truncated data", () => {
  const [left, right] = messagePair();
  using _ = closing(left, right);
  const small = new Message(2);
  messageOf("moo").send(left);
  messageOf("ba").send(left);
  assertEquals([small.receive(right), textOf(small)], ["truncated", "mo"]);
  assertEquals([small.receive(right), textOf(small)], ["message", "ba"]);
});

Deno.test("Message reports truncated descriptors, and has those that fitted", () => {
  const [left, right] = messagePair();
  const [output, input] = pipe();
  using _ = closing(left, right, output);
  const small = new Message(8, 1);
  messageOf("moo", input, input, input, input, input, input, input, input, input).send(left);
  assertEquals([small.receive(right), textOf(small)], ["truncated", "moo"]);
  close(input);
  small.closeDescriptors();
  assertEquals(small.descriptors, []);
  assertEquals(isAtEnd(output), true);
});

Deno.test("Message reports that the peer has closed, after what it had sent", () => {
  const [left, right] = messagePair();
  using _ = closing(left);
  const incoming = new Message(8);
  messageOf("moo").send(right);
  close(right);
  assertEquals([incoming.receive(left), textOf(incoming)], ["message", "moo"]);
  assertEquals(incoming.receive(left), "closed");
  assertEquals(messageOf("baa").send(left), "closed");
});

Deno.test("Message reports that the peer has closed with unread data", () => {
  const [left, right] = messagePair();
  using _ = closing(left);
  messageOf("moo").send(left);
  close(right);
  const incoming = new Message(8);
  assertEquals(incoming.receive(left), "closed");
  assertEquals(incoming.receive(left), "closed");
});

Deno.test("Message.send() and receive() need not block", () => {
  const [left, right] = messagePair();
  using _ = closing(left, right);
  assertEquals(new Message(8).receive(right, false), "none");
  const large = messageOf("x".repeat(MESSAGE_LIMIT));
  let sent = 0;
  while (large.send(left, false) === "sent") sent++;
  assertEquals(sent > 0, true);
  assertEquals(large.send(left, false), "full");
});

Deno.test("connections of a message listener carry credentials and obey timeouts", () => {
  const address = unixAddress(`\0herd-test-messages-${getpid()}`);
  const listener = listen(address, "test", SocketType.messages);
  enableCredentials(listener); // connections inherit it
  const client = createSocket(address, SocketType.messages, socketTimeout(0.02));
  connect(client, address);
  const server = accept(listener);
  using _ = closing(listener, client, server);
  messageOf("moo").send(client);
  const incoming = new Message(8);
  assertEquals([incoming.receive(server), textOf(incoming)], ["message", "moo"]);
  assertEquals(incoming.sender.pid, getpid());
  const { call, code } = assertThrows(() => incoming.receive(client), SystemError);
  assertEquals({ call, code }, { call: "recvmsg", code: "EAGAIN" });
});

Deno.test("Message keeps no descriptor beyond its maximum, and none of an empty message", () => {
  const [left, right] = socketPair(SocketType.messages); // without credentials, whose space is free then
  using _ = closing(left, right);
  for (const [length, maximum, kept] of [[1, 1, 1], [1, 0, 0], [0, 1, 0]] as const) {
    const [output, input] = pipe();
    const outgoing = messageOf("", ...Array(5).fill(input));
    outgoing.length = length;
    outgoing.send(left);
    close(input);
    const incoming = new Message(1, maximum);
    assertEquals(incoming.receive(right), length === 0 ? "closed" : "truncated");
    assertEquals(incoming.descriptors.length, kept);
    incoming.closeDescriptors();
    assertEquals(isAtEnd(output), true);
    close(output);
  }
});
