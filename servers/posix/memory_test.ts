import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { closing, inChild } from "../testing/fork.ts";
import { pipe } from "./descriptors.ts";
import { SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { bufferAt } from "./libc.ts";
import {
  createMemfd,
  discard,
  mapMemfd,
  memfdOf,
  preadFull,
  pwriteFull,
  readExactly,
  shareMemory,
  unmap,
} from "./memory.ts";

Deno.test("shareMemory() shares what a child writes, unlike other memory", () => {
  const shared = new Int32Array(shareMemory(4096).buffer);
  const own = new Int32Array(1);
  assertEquals(shared.length, 1024);
  assertEquals(shared.every((value) => value === 0), true);
  inChild(() => {
    shared[1023] = own[0] = 42;
  });
  assertEquals([shared[1023], own[0]], [42, 0]);
});

Deno.test("shareMemory() maps new memory on each call", () => {
  const [first, second] = [shareMemory(8), shareMemory(8)];
  new Uint8Array(first.buffer)[0] = 1;
  assertEquals(new Uint8Array(second.buffer)[0], 0);
});

Deno.test("shareMemory() throws if there is not enough memory", () => {
  const { call, code } = assertThrows(() => shareMemory(2 ** 52), SystemError);
  assertEquals({ call, code }, { call: "mmap", code: "ENOMEM" });
});

Deno.test("mapMemfd() maps the same memory each time", () => {
  const file = createMemfd("herd-test", 4096);
  using _ = closing(file);
  const [first, second] = [mapMemfd(file, 4096), mapMemfd(file, 4096)];
  assertNotEquals(first.address, second.address);
  new Uint8Array(first.buffer)[4095] = 42;
  assertEquals(new Uint8Array(second.buffer)[4095], 42);
});

Deno.test("bufferAt() gives access to mapped memory", () => {
  const { buffer, address } = shareMemory(64);
  new Uint8Array(bufferAt(address, 64))[63] = 42;
  assertEquals(new Uint8Array(buffer)[63], 42);
});

Deno.test("unmap() removes one mapping and no other", () => {
  const [first, second] = [shareMemory(4096), shareMemory(4096)];
  const isMapped = ({ address }: typeof first) =>
    readText("/proc/self/maps").includes(`${address.toString(16)}-`);
  new Uint8Array(second.buffer)[0] = 42;
  const before = isMapped(first);
  unmap(first);
  assertEquals([before, isMapped(first)], [true, false]);
  assertEquals(new Uint8Array(second.buffer)[0], 42);
});

Deno.test("readExactly() reads the bytes of memfdOf(), repeatedly", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const file = memfdOf("herd-test", bytes);
  using _ = closing(file);
  for (let i = 0; i < 2; i++) assertEquals(readExactly(file, 60_000), bytes);
  assertEquals(readExactly(file, 3), bytes.slice(0, 3));
});

Deno.test("readExactly() detects a file that is shorter, and what is not a file", () => {
  const file = memfdOf("herd-test", new Uint8Array(3));
  const [output, input] = pipe();
  using _ = closing(file, output, input);
  assertEquals(readExactly(file, 4), undefined);
  assertEquals(assertThrows(() => readExactly(output, 4), SystemError).code, "ESPIPE");
});

Deno.test("preadFull() reads what pwriteFull() wrote, from any offset to the end", () => {
  const file = createMemfd("herd-test", 0);
  using _ = closing(file);
  pwriteFull(file, new Uint8Array([1, 2, 3]), 2);
  pwriteFull(file, new Uint8Array([9]));
  const buffer = new Uint8Array(4);
  assertEquals([preadFull(file, buffer), ...buffer], [4, 9, 0, 1, 2]);
  assertEquals([preadFull(file, buffer, 3), ...buffer], [2, 2, 3, 1, 2]);
  assertEquals(preadFull(file, buffer, 5), 0);
});

Deno.test("discard() zeroes the memory from an offset on", () => {
  const file = createMemfd("herd-test", 8192);
  using _ = closing(file);
  const memory = mapMemfd(file, 8192);
  const bytes = new Uint8Array(memory.buffer).fill(7);
  discard(memory, 4096);
  assertEquals([bytes[0], bytes[4095], bytes[4096], bytes[8191]], [7, 7, 0, 0]);
});
