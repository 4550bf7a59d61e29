/** What comes over an sserver's socket, or from its clients, harms nobody else. */
import { assertEquals } from "@std/assert";
import { descriptorsOf } from "../posix/files.ts";
import { read, write } from "../posix/io.ts";
import { Message } from "../posix/messages.ts";

import { setTimeouts, shutDownWrite, socketTimeout } from "../posix/sockets.ts";
import { closing, waitFor } from "../testing/fork.ts";
import { LETTERS, Random, sendLetter } from "../testing/fuzz.ts";
import { eventually, pause } from "../testing/process.ts";
import { passClient, startAtChannel } from "../testing/sserver.ts";

const SEED = 1;
const REQUEST = new TextEncoder().encode("5\n");

/** Passes a client, which must get its reply. */
function ask(channel: number): void {
  const client = passClient(channel);
  using _ = closing(client);
  setTimeouts(client, socketTimeout(20));
  write(client, REQUEST, REQUEST.length);
  assertEquals(read(client, new Uint8Array(8)), 5);
}

Deno.test("sserver: random letters and descriptors harm nobody but their sender", async () => {
  const { channel, pid } = startAtChannel();
  using _ = closing(channel);
  ask(channel);
  const descriptors = descriptorsOf(pid).length;
  const random = new Random(SEED);
  const message = new Message(128, 250);
  for (let sent = 0; sent < LETTERS; sent++) {
    while (!sendLetter(random, channel, message, [random.int()])) await pause();
    if (sent % 20 === 0) ask(channel);
  }
  ask(channel);
  await eventually("its descriptors", () => descriptorsOf(pid).length <= descriptors || undefined);
  shutDownWrite(channel);
  assertEquals(waitFor(pid).code, 0);
});
