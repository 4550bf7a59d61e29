/**
 * Shared memory and files in memory (mmap(2), memfd_create(2)).
 *
 * @module
 */
import { checked, errno, retryOrThrow, SystemError } from "./errors.ts";
import { bufferAt, cString, libc } from "./libc.ts";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_ANONYMOUS = 0x20;
const MFD_CLOEXEC = 1;

/** A shared mapping. It lasts as long as the process, unless `unmap` removes it. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer;
  /** Its address, the same in forked children and in Workers. */
  readonly address: bigint;
}

/** Maps memory that forked children share with their parent. @throws {SystemError} such as ENOMEM. */
export function shareMemory(bytes: number): SharedMemory {
  return map(bytes, MAP_SHARED | MAP_ANONYMOUS, -1, 0n);
}

/** Creates a file in memory (memfd_create(2)). Returns its descriptor, which is closed on exec. */
export function createMemfd(name: string, bytes: number): number {
  const fd = checked(libc.memfd_create(cString(name), MFD_CLOEXEC), "memfd_create", "share memory");
  checked(libc.ftruncate(fd, BigInt(bytes)), "ftruncate", `give shared memory ${bytes} bytes`);
  return fd;
}

/** Maps a file in memory. @throws {SystemError} such as ENOMEM. */
export function mapMemfd(fd: number, bytes: number): SharedMemory {
  return mapFile(fd, bytes, 0n);
}

/** Maps a part of a file, or what an object of the kernel has at that offset. @throws {SystemError} such as ENOMEM. */
export function mapFile(fd: number, bytes: number, offset: bigint): SharedMemory {
  return map(bytes, MAP_SHARED, fd, offset);
}

/**
 * Creates a file in memory with these bytes. Its descriptor is passed in place of bytes that do not fit
 * into a message; the receiver reads it with `readExactly`.
 */
export function memfdOf(name: string, bytes: Uint8Array<ArrayBuffer>): number {
  const fd = checked(libc.memfd_create(cString(name), MFD_CLOEXEC), "memfd_create", "share memory");
  pwriteFull(fd, bytes);
  return fd;
}

/**
 * Reads from a file in memory, from `offset` on, until the buffer is full or the file ends (pread(2)).
 *
 * @returns the number of bytes read.
 */
export function preadFull(fd: number, buffer: Uint8Array<ArrayBuffer>, offset = 0): number {
  for (let at = 0; at < buffer.length;) {
    const left = buffer.length - at;
    const count = libc.pread(fd, buffer.subarray(at), left, BigInt(offset + at));
    if (count === 0) return at;
    if (count > 0) at += count;
    else retryOrThrow("pread", `read ${buffer.length} bytes of shared memory`);
  }
  return buffer.length;
}

/** Writes all bytes to a file in memory, from `offset` on (pwrite(2)). */
export function pwriteFull(fd: number, bytes: Uint8Array<ArrayBuffer>, offset = 0): void {
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at;
    const count = libc.pwrite(fd, bytes.subarray(at), left, BigInt(offset + at));
    if (count >= 0) at += count;
    else retryOrThrow("pwrite", `write ${bytes.length} bytes to shared memory`);
  }
}

/**
 * Reads the first `length` bytes of a file in memory. It is not mapped, because its sender may truncate it at
 * any time, and access to a mapping would then raise SIGBUS.
 *
 * @returns undefined if the file is shorter.
 * @throws {SystemError} such as ESPIPE if the descriptor is not a file.
 */
export function readExactly(fd: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(length);
  return preadFull(fd, bytes) < length ? undefined : bytes;
}

/** Frees the pages of a mapped file in memory from an offset on; they read as zeros (MADV_REMOVE). */
export function discard({ address, buffer }: SharedMemory, from: number): void {
  const MADV_REMOVE = 9;
  libc.madvise(address + BigInt(from), BigInt(buffer.byteLength - from), MADV_REMOVE);
}

/** Removes a mapping. Its buffer must not be used any more. */
export function unmap({ buffer, address }: SharedMemory): void {
  libc.munmap(Deno.UnsafePointer.create(address), BigInt(buffer.byteLength));
}

function map(bytes: number, flags: number, fd: number, offset: bigint): SharedMemory {
  const pointer = libc.mmap(null, BigInt(bytes), PROT_READ_WRITE, flags, fd, offset);
  const address = Deno.UnsafePointer.value(pointer);
  if (BigInt.asIntN(64, address) === -1n) {
    throw new SystemError("mmap", `share ${bytes} bytes of memory`, errno());
  }
  return { buffer: bufferAt(address, bytes), address };
}
