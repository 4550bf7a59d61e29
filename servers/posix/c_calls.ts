/**
 * Consecutive calls of C functions without JavaScript in between.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { type SharedMemory, shareMemory, unmap } from "./memory.ts";

/** A C function and up to six integer arguments. */
export interface CCall {
  readonly address: Deno.PointerObject;
  readonly args: readonly (number | bigint)[];
}

/** Space for a ucontext_t (968 bytes on x86-64, 4560 on arm64) and for the stack of a call. */
const CONTEXT_BYTES = 8192;
const STACK_BYTES = 8192;
const EACH = CONTEXT_BYTES + STACK_BYTES;

// Offsets in a ucontext_t (ucontext.h), the same on both.
const UC_LINK = 8;
const UC_STACK_POINTER = 16;
const UC_STACK_SIZE = 32;
/** On x86-64 only. */
const UC_RSP = 160;

/**
 * Makes calls one after another (makecontext(3)). Their results are lost.
 *
 * SAFETY: each call has its own context, linked to that of the next call; the last one is linked to the
 * caller's. All contexts and stacks are in a shared mapping of their own, so between the calls nothing
 * writes to this process's private memory except the functions themselves. A forked child may set the calls
 * that its parent makes: in both, the mapping and the functions have the same addresses.
 */
export class CallsBackToBack {
  readonly #memory: SharedMemory;
  readonly #view: DataView;

  /** At most `most` calls. */
  constructor(most: number) {
    this.#memory = shareMemory((most + 1) * EACH);
    this.#view = new DataView(this.#memory.buffer);
  }

  /** Sets the calls to be made. @throws {RangeError} if there are too many. */
  set(calls: readonly CCall[]): void {
    for (const [i, { address, args }] of calls.entries()) {
      const index = i + 1;
      const at = index * EACH;
      const next = index === calls.length ? 0 : index + 1;
      libc.getcontext(this.#context(index));
      this.#view.setBigUint64(at + UC_LINK, this.#place(next), true);
      this.#view.setBigUint64(
        at + UC_STACK_POINTER,
        this.#place(index) + BigInt(CONTEXT_BYTES),
        true,
      );
      this.#view.setBigUint64(at + UC_STACK_SIZE, BigInt(STACK_BYTES), true);
      const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n] = args.map(BigInt);
      libc.makecontext(this.#context(index), address, 6, a, b, c, d, e, f);
    }
  }

  /** Makes the calls: at least one was set. */
  make(): void {
    libc.swapcontext(this.#context(0), this.#context(1));
  }

  [Symbol.dispose](): void {
    unmap(this.#memory);
  }

  #place(index: number): bigint {
    return this.#memory.address + BigInt(index * EACH);
  }

  #context(index: number): Deno.PointerObject {
    return Deno.UnsafePointer.create(this.#place(index))!;
  }
}

/** The stack pointer of the caller, on x86-64 (getcontext(3)). */
export function stackPointer(): number {
  const memory = shareMemory(CONTEXT_BYTES);
  libc.getcontext(Deno.UnsafePointer.create(memory.address)!);
  const pointer = new DataView(memory.buffer).getBigUint64(UC_RSP, true);
  unmap(memory);
  return Number(pointer);
}
