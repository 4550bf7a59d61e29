/**
 * The one place that loads the C library. Outside `servers/posix/` nobody sees a raw C name.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import { symbols } from "./symbols.ts";

type Libc = Deno.DynamicLibrary<typeof symbols>["symbols"];

function load<Name extends keyof typeof symbols>(name: Name): Libc[Name] {
  const { os, arch } = Deno.build;
  if (os !== "linux") {
    throw new UnsupportedError(
      `Cannot run on ${os}: Herd measures Linux servers; use Linux on x86-64 or arm64 with glibc`,
    );
  }
  try {
    return Deno.dlopen("libc.so.6", { [name]: symbols[name] }).symbols[name] as Libc[Name];
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new UnsupportedError(
      `Cannot load "${name}" of the C library on ${os} ${arch}: Herd needs glibc 2.32 or newer (${
        (cause as Error).message
      })`,
      { cause },
    );
  }
}

/**
 * The C functions of `symbols.ts`, unchecked. Each is loaded when it is first used: all of them at once
 * take 11 ms, which every Worker would pay. The object does not change with it, since V8 would throw away
 * all that it had compiled for the object as it was.
 */
export const libc = {} as Libc;

for (const name of Object.keys(symbols) as (keyof typeof symbols)[]) {
  let value: Libc[typeof name] | undefined;
  Object.defineProperty(libc, name, { get: () => value ??= load(name) });
}

const encoder = new TextEncoder();

/** The text as a C string: UTF-8 bytes and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}

/** The text a C function returned; `fallback` where it returned NULL. */
export function fromCString(pointer: Deno.PointerValue, fallback = ""): string {
  return pointer === null ? fallback : Deno.UnsafePointerView.getCString(pointer);
}

/** The address of a buffer, for a C struct that points to it. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): bigint {
  // SAFETY: a typed array's store does not move; whoever keeps the address keeps the array too.
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
}
