/**
 * Loads the C library. Its functions are not used outside `servers/posix/`.
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
    if (cause instanceof Deno.errors.NotCapable) throw withoutPermission(cause);
    throw new UnsupportedError(
      `Cannot load "${name}" of the C library on ${os} ${arch}: Herd needs glibc 2.32 or newer (${
        (cause as Error).message
      })`,
      { cause },
    );
  }
}

/** The error of Deno that it may not call C functions, in one line. */
function withoutPermission(cause: Error): UnsupportedError {
  return new UnsupportedError("Cannot call C functions: run Deno with --allow-ffi", { cause });
}

/** The pointer to a buffer. @throws {UnsupportedError} without permission. */
export function pointerTo(buffer: Uint8Array<ArrayBuffer>): Deno.PointerObject {
  try {
    return Deno.UnsafePointer.of(buffer)!;
  } catch (cause) {
    throw cause instanceof Deno.errors.NotCapable ? withoutPermission(cause) : cause;
  }
}

/**
 * The C functions of `symbols.ts`, unchecked. Each is loaded on first use, because loading all of them takes
 * 11 ms in every Worker. The properties are getters from the start: if the object's shape changed, V8 would
 * discard code optimized for it.
 */
export const libc = {} as Libc;

for (const name of Object.keys(symbols) as (keyof typeof symbols)[]) {
  const loaded: { value?: Libc[typeof name] } = {};
  Object.defineProperty(libc, name, { get: () => loaded.value ??= load(name) });
}

const encoder = new TextEncoder();

/** Encodes text as a C string: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}

/** Decodes a C string; `fallback` for NULL. */
export function fromCString(pointer: Deno.PointerValue, fallback = ""): string {
  return pointer === null ? fallback : Deno.UnsafePointerView.getCString(pointer);
}

/** The address of a buffer, for a pointer in a C struct. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): bigint {
  // SAFETY: the memory of a typed array does not move; users of the address keep a reference to the array.
  return Deno.UnsafePointer.value(pointerTo(buffer));
}

/** Memory at an address, such as a mapping that another thread of this process has made. */
export function bufferAt(address: bigint, bytes: number): ArrayBuffer {
  // SAFETY: the memory is never freed, and all threads of a process share its addresses.
  return Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(address)!, bytes);
}
