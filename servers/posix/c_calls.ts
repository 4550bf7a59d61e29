/**
 * Consecutive calls of C functions without JavaScript in between.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { shareMemory, unmap } from "./memory.ts";

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

/**
 * Makes the calls one after another (makecontext(3)). Their results are lost.
 *
 * SAFETY: each call has its own context, linked to that of the next call; the last one is linked to the
 * caller's. All contexts and stacks are in a shared mapping of their own, so between the calls nothing
 * writes to this process's private memory except the functions themselves.
 */
export function callBackToBack(calls: readonly CCall[]): void {
  if (calls.length === 0) return;
  const memory = shareMemory((calls.length + 1) * EACH);
  const view = new DataView(memory.buffer);
  const place = (index: number) => memory.address + BigInt(index * EACH);
  const context = (index: number) => Deno.UnsafePointer.create(place(index))!;
  for (const [i, { address, args }] of calls.entries()) {
    const index = i + 1;
    const at = index * EACH;
    const next = index === calls.length ? 0 : index + 1;
    libc.getcontext(context(index));
    view.setBigUint64(at + UC_LINK, place(next), true);
    view.setBigUint64(at + UC_STACK_POINTER, place(index) + BigInt(CONTEXT_BYTES), true);
    view.setBigUint64(at + UC_STACK_SIZE, BigInt(STACK_BYTES), true);
    const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n] = args.map(BigInt);
    libc.makecontext(context(index), address, 6, a, b, c, d, e, f);
  }
  libc.swapcontext(context(0), context(1));
  unmap(memory);
}
