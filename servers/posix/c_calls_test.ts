import { assertEquals } from "@std/assert";
import { closing, inChild } from "../testing/fork.ts";
import { CallsBackToBack, type CCall } from "./c_calls.ts";
import { pipe } from "./descriptors.ts";
import { read } from "./io.ts";
import { addressOf, libc } from "./libc.ts";

const SYS_write = { x86_64: 1, aarch64: 64 }[Deno.build.arch];

function callBackToBack(list: readonly CCall[]): void {
  using calls = new CallsBackToBack(list.length);
  calls.set(list);
  calls.make();
}

Deno.test("CallsBackToBack makes each call once, in order", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const digits = new TextEncoder().encode("0123456789");
  const write = (from: number, length: number) => ({
    address: libc.addressOfSyscall!,
    args: [SYS_write, input, addressOf(digits) + BigInt(from), length],
  });
  callBackToBack([write(7, 3), write(0, 2), ...Array(100).fill(write(4, 1))]);
  const written = new Uint8Array(200);
  const length = read(output, written);
  assertEquals(new TextDecoder().decode(written.subarray(0, length)), "78901" + "4".repeat(100));
});

Deno.test("CallsBackToBack passes six arguments, negative ones and addresses included", () => {
  const PROT_READ_WRITE = 3;
  const MAP_PRIVATE_ANONYMOUS_FIXED = 0x32;
  const place = libc.mmap(null, 8192n, PROT_READ_WRITE, 0x22, -1, 0n)!;
  const address = Deno.UnsafePointer.value(place);
  const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(place, 8192));
  bytes.fill(1);
  const args = [address + 4096n, 4096, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_FIXED, -1, 0];
  callBackToBack([{ address: libc.addressOfMmap!, args }]);
  assertEquals([bytes[4095], bytes[4096]], [1, 0]);
  libc.munmap(place, 8192n);
});

Deno.test("CallsBackToBack makes in a process what its child has set", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const byte = addressOf(new TextEncoder().encode("x"));
  using calls = new CallsBackToBack(1);
  inChild(() =>
    calls.set([{ address: libc.addressOfSyscall!, args: [SYS_write, input, byte, 1] }])
  );
  calls.make();
  assertEquals(read(output, new Uint8Array(2)), 1);
});
