import { assertEquals, assertThrows } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { SystemError } from "./errors.ts";
import { close, pinnedBytes, read, readAsync, readPinned, write, writePinned } from "./io.ts";
import { accept, connect, listen, socketPair, streamSocket } from "./sockets.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Reads once and as text. */
function textFrom(fd: number): string {
  const buffer = new Uint8Array(100);
  return new TextDecoder().decode(buffer.subarray(0, read(fd, buffer)));
}

function send(fd: number, text: string): void {
  write(fd, bytesOf(text), bytesOf(text).length);
}

Deno.test("write() writes no more than the length it is given", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  assertEquals(write(input, bytesOf("moo and more"), 3), 3);
  assertEquals(textFrom(output), "moo");
});

Deno.test("readPinned() and writePinned() behave like read() and write()", () => {
  const [here, there] = socketPair();
  using _ = closing(there);
  const [sent, received] = [pinnedBytes(6), pinnedBytes(4)];
  sent.bytes.set(bytesOf("abcdef"));
  assertEquals(writePinned(here, sent, 5), 5);
  assertEquals(readPinned(there, received), 4);
  assertEquals(received.bytes, bytesOf("abcd"));
  assertEquals(readPinned(there, received), 1);
  assertEquals(received.bytes, bytesOf("ebcd"));
  close(here);
  assertEquals(readPinned(there, received), 0);
  const { call, code } = assertThrows(() => writePinned(-1, sent, 1), SystemError);
  assertEquals({ call, code }, { call: "write", code: "EBADF" });
  assertEquals(assertThrows(() => readPinned(-1, sent), SystemError).code, "EBADF");
});

Deno.test("read() and write() throw after the peer has reset the connection", () => {
  const listener = listen(internetAddress("127.0.0.1", 0), "test");
  const address = internetAddress("127.0.0.1", boundAddress(listener).port);
  const client = streamSocket(address);
  connect(client, address);
  const server = accept(listener);
  using _ = closing(listener, client);
  send(client, "not read, so that the other end resets");
  close(server);
  assertEquals(assertThrows(() => textFrom(client), SystemError).code, "ECONNRESET");
  assertEquals(assertThrows(() => send(client, "moo"), SystemError).code, "EPIPE");
});

Deno.test("readAsync() reads later input, and 0 at end of file", async () => {
  const [output, input] = pipe();
  using _ = closing(output);
  const buffer = new Uint8Array(10);
  const length = readAsync(output, buffer);
  send(input, "moo");
  assertEquals(await length, 3);
  assertEquals(buffer.subarray(0, 3), bytesOf("moo"));
  close(input);
  assertEquals(await readAsync(output, buffer), 0);
});

Deno.test("readAsync() returns −1 after an error", async () => {
  assertEquals(await readAsync(-1, new Uint8Array(10)), -1);
});

Deno.test("pinnedBytes() has the address of its bytes", () => {
  const { bytes, pointer } = pinnedBytes(16);
  assertEquals(bytes, new Uint8Array(16));
  bytes[15] = 42;
  assertEquals(new Deno.UnsafePointerView(pointer).getUint8(15), 42);
});
