/**
 * Memory that several processes share.
 *
 * @module
 */
import { checked, errno, retryOrThrow, SystemError } from "./errors.ts";
import { cString, libc } from "./libc.ts";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_ANONYMOUS = 0x20;
const MFD_CLOEXEC = 1;

/** A shared mapping. It stays for the life of the process, unless it is undone by `unmap`. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer;
  /** Where it starts, the same in every forked child and in every Worker. */
  readonly address: bigint;
}

/** Bytes of this process, and where they are, for calls so frequent that to look for the place costs. */
export interface PinnedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointer: Deno.PointerObject;
}

/** That many zero bytes. */
export function pinnedBytes(length: number): PinnedBytes {
  const bytes = new Uint8Array(length);
  // SAFETY: a typed array's store does not move, and who has the pointer has the array, too.
  return { bytes, pointer: Deno.UnsafePointer.of(bytes)! };
}

/** Memory that children made by fork(2) share with their parent. */
export function shareMemory(bytes: number): SharedMemory {
  return map(bytes, MAP_SHARED | MAP_ANONYMOUS, -1);
}

/** A file in memory that a program started with exec can map: its descriptor (closed on exec). */
export function createMemfd(name: string, bytes: number): number {
  const fd = checked(libc.memfd_create(cString(name), MFD_CLOEXEC), "memfd_create", "share memory");
  checked(libc.ftruncate(fd, BigInt(bytes)), "ftruncate", `give shared memory ${bytes} bytes`);
  return fd;
}

/** Maps such a file. */
export function mapMemfd(fd: number, bytes: number): SharedMemory {
  return map(bytes, MAP_SHARED, fd);
}

/**
 * A file in memory that holds those bytes, to be passed as a descriptor where they are too many for a
 * message. Who receives it reads it with `bytesOf`.
 */
export function fileOf(name: string, bytes: Uint8Array<ArrayBuffer>): number {
  const fd = checked(libc.memfd_create(cString(name), MFD_CLOEXEC), "memfd_create", "share memory");
  writeFile(fd, bytes);
  return fd;
}

/**
 * Fills the buffer with what a file in memory has from `offset` on; how many bytes it had is the result.
 */
export function readFile(fd: number, buffer: Uint8Array<ArrayBuffer>, offset = 0): number {
  for (let at = 0; at < buffer.length;) {
    const left = buffer.length - at;
    const count = libc.pread(fd, buffer.subarray(at), left, BigInt(offset + at));
    if (count === 0) return at;
    if (count > 0) at += count;
    else retryOrThrow("pread", `read ${buffer.length} bytes of shared memory`);
  }
  return buffer.length;
}

/** Writes the bytes to a file in memory from `offset` on. */
export function writeFile(fd: number, bytes: Uint8Array<ArrayBuffer>, offset = 0): void {
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at;
    const count = libc.pwrite(fd, bytes.subarray(at), left, BigInt(offset + at));
    if (count >= 0) at += count;
    else retryOrThrow("pwrite", `write ${bytes.length} bytes to shared memory`);
  }
}

/**
 * The first `length` bytes of a file in memory. They are read and not mapped: whoever passed the file
 * may make it shorter at any time, and a mapping would then end its reader (SIGBUS).
 *
 * @returns undefined where the file is shorter.
 * @throws {SystemError} where it is no file at all.
 */
export function bytesOf(fd: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(length);
  return readFile(fd, bytes) < length ? undefined : bytes;
}

/** Gives the pages of memory made of a file back to the system; they read as zeros from now on. */
export function discard({ address, buffer }: SharedMemory, from: number): void {
  const MADV_REMOVE = 9;
  libc.madvise(address + BigInt(from), BigInt(buffer.byteLength - from), MADV_REMOVE);
}

/** Undoes a mapping that nobody will look at any more. */
export function unmap({ buffer, address }: SharedMemory): void {
  libc.munmap(Deno.UnsafePointer.create(address), BigInt(buffer.byteLength));
}

/** Looks at memory mapped by another thread of this process. */
export function memoryAt(address: bigint, bytes: number): SharedMemory {
  // SAFETY: the mapping is never undone, and all threads of a process see the same addresses.
  const pointer = Deno.UnsafePointer.create(address)!;
  return { buffer: Deno.UnsafePointerView.getArrayBuffer(pointer, bytes), address };
}

function map(bytes: number, flags: number, fd: number): SharedMemory {
  const pointer = libc.mmap(null, BigInt(bytes), PROT_READ_WRITE, flags, fd, 0n);
  const address = Deno.UnsafePointer.value(pointer);
  if (BigInt.asIntN(64, address) === -1n) {
    throw new SystemError("mmap", `share ${bytes} bytes of memory`, errno());
  }
  return memoryAt(address, bytes);
}
