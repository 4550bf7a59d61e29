/** What a client of a channel sends, in number, kind or order, harms the client alone. */
import { assert, assertEquals } from "@std/assert";
import type { SocketAddress } from "../../posix/addresses.ts";
import { descriptorsOf } from "../../posix/files.ts";
import { Message } from "../../posix/messages.ts";
import { reapOne } from "../../posix/processes.ts";
import { createSocket, shutDown, SocketType, tryConnect } from "../../posix/sockets.ts";
import { endAfter } from "../../posix/testing.ts";
import { closing } from "../../testing/fork.ts";
import { LETTERS, Random, sendLetter } from "../../testing/fuzz.ts";
import { eventually } from "../../testing/process.ts";
import { channelAddress, pathAddress } from "./addresses.ts";
import { ChannelFlag, PulseCode } from "./flags.ts";
import {
  close,
  connectAttach,
  connectDetach,
  msgReceive,
  msgSend,
  open,
  read,
  write,
} from "./mod.ts";
import { BODY_BYTES, PULSE, ReplyPacket, Request, REQUEST_BYTES, RequestPacket } from "./packet.ts";
import {
  bytesOf,
  channelOf,
  echo,
  Forked,
  isCutOff,
  keeper,
  textOf,
  uniqueName,
} from "./testing.ts";

const SEED = 1;
const LIMIT_SECONDS = 600;

const buffer = new Uint8Array(1024);

/** Calls `body` with connections to a server, in a process of its own. */
function stranger(
  address: SocketAddress,
  body: (socket: number) => void,
  times: () => boolean,
): Forked {
  return new Forked((ready) => {
    endAfter(LIMIT_SECONDS);
    ready();
    while (times()) {
      const socket = createSocket(address, SocketType.messages);
      using _ = closing(socket);
      if (tryConnect(socket, address) !== 0) throw new Error("cannot connect");
      body(socket);
    }
  });
}

/** Sends random letters. */
function fuzzer(address: SocketAddress): Forked {
  const random = new Random(SEED);
  const message = new Message(REQUEST_BYTES + BODY_BYTES + 1, 250);
  let sent = 0;
  const letter = (socket: number) => {
    const numbers = Array.from({ length: REQUEST_BYTES / 4 }, () => random.int());
    numbers[Request.type] = random.once(8) ? random.int() : random.below(7) - 1;
    sendLetter(random, socket, message, numbers);
    if (random.once(20)) shutDown(socket);
    if (random.once(3)) {
      while (message.receive(socket, false) === "message") message.closeDescriptors();
    }
  };
  return stranger(address, (socket) => {
    for (let left = 1 + random.below(5); left > 0; left--, sent++) letter(socket);
  }, () => sent < LETTERS);
}

/** Calls `ask`, which asserts the answer, again and again until the process has ended; how often. */
function askUntilEnd(process: Forked, ask: () => void): number {
  for (let asked = 0;; asked++) {
    ask();
    const end = reapOne(process.pid);
    if (end === undefined) continue;
    assertEquals(end.code, 0);
    return asked;
  }
}

/** Sends pulses as fast as they are taken, over one connection, until it is killed. */
function flooder(address: SocketAddress): Forked {
  const pulse = new RequestPacket();
  pulse.numbers[Request.type] = PULSE;
  pulse.put(new Uint8Array());
  return stranger(address, (socket) => {
    while (pulse.message.send(socket) === "sent");
  }, () => true);
}

/** Random letters to a server, during which and after which it answers, and keeps nothing of them. */
async function fuzz(server: { pid: number }, address: SocketAddress, ask: () => void) {
  ask();
  const descriptors = descriptorsOf(server.pid).length;
  using fuzzing = fuzzer(address);
  assert(askUntilEnd(fuzzing, ask) > 1);
  await eventually("its descriptors", () => {
    ask();
    return descriptorsOf(server.pid).length <= descriptors || undefined;
  });
}

Deno.test("channels: random letters and descriptors harm nobody but their sender", async () => {
  using server = channelOf(ChannelFlag.DISCONNECT, (chid) => {
    endAfter(LIMIT_SECONDS);
    return echo(chid);
  });
  const coid = connectAttach(0, server.pid, server.chid);
  await fuzz(server, channelAddress(server.pid, server.chid), () => {
    assertEquals(msgSend(coid, bytesOf("hello"), buffer), 5);
    assertEquals(textOf(buffer.subarray(0, 5)), "hello");
  });
  using flood = flooder(channelAddress(server.pid, server.chid));
  void flood;
  for (let i = 0; i < 20; i++) assertEquals(msgSend(coid, bytesOf("hello"), buffer), 5);
  connectDetach(coid);
});

Deno.test("a client that sends what these functions do not send is cut off", () => {
  using server = channelOf(0, (chid) => {
    for (;;) msgReceive(chid, buffer);
  });
  const address = channelAddress(server.pid, server.chid);
  const socket = createSocket(address, SocketType.messages);
  using _ = closing(socket);
  assertEquals(tryConnect(socket, address), 0);
  const request = new RequestPacket();
  request.put(bytesOf("hello"));
  request.message.send(socket);
  request.message.send(socket); // and it has no reply yet
  assertEquals(new ReplyPacket().message.receive(socket), "closed");
  const letter = (type: number, code: number) => {
    request.numbers[Request.type] = type;
    request.numbers[Request.code] = code;
    return request.message.data.slice(0, REQUEST_BYTES);
  };
  assert(isCutOff(address, letter(PULSE, PulseCode.CLOSED)));
  assert(isCutOff(address, letter(PULSE, 128)));
  assert(isCutOff(address, letter(6, 0)));
  assert(isCutOff(address, letter(0, 0).subarray(1)));
  assertEquals(reapOne(server.pid), undefined);
});

Deno.test("resource managers: random letters and descriptors harm nobody but their sender", async () => {
  const path = `/dev/${uniqueName()}`;
  using manager = keeper(path, LIMIT_SECONDS);
  const fd = open(path);
  write(fd, bytesOf("hello"));
  await fuzz(manager, pathAddress(path, "test"), () => {
    // Nobody else has written to this descriptor, or closed it.
    assertEquals(read(fd, buffer), 5);
    assertEquals(textOf(buffer.subarray(0, 5)), "hello");
  });
  close(fd);
});
