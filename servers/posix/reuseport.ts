/**
 * Several listening sockets on one port (SO_REUSEPORT, Linux 3.9, socket(7)): each has a queue of its own, and the
 * kernel chooses one for each connection when it arrives.
 *
 * @module
 */
import { addressOf } from "./libc.ts";
import { setOption } from "./sockets.ts";

const SO_REUSEPORT = 15;
const SO_ATTACH_REUSEPORT_CBPF = 51;

// Classic BPF (<linux/filter.h>): load a word, the remainder by a constant, return the accumulator.
const LOAD = 0x20;
const REMAINDER = 0x94;
const RETURN = 0x16;
// Where a load gives no word of the packet, but something the kernel knows (SKF_AD_OFF + SKF_AD_…).
const CPU = 0xfffff000 + 36;
const RANDOM = 0xfffff000 + 56;

/** Lets other sockets of this user bind to the same port. Every one of them must allow it. */
export function shareAddress(fd: number): void {
  setOption(fd, SO_REUSEPORT, new Uint8Array(new Int32Array([1]).buffer));
}

/**
 * Has the kernel choose among `count` sockets not by a hash of the addresses, but by the number of the processor that
 * handles the packet, or at random; the first to listen is number 0. It is attached to one of them before that listens.
 *
 * @throws {SystemError} such as ENOPROTOOPT before Linux 4.5.
 */
export function attachSteering(fd: number, by: "cpu" | "random", count: number): void {
  const program = new Uint8Array([
    ...instruction(LOAD, by === "cpu" ? CPU : RANDOM),
    ...instruction(REMAINDER, count),
    ...instruction(RETURN, 0),
  ]);
  const fprog = new DataView(new ArrayBuffer(16)); // struct sock_fprog: length, pointer
  fprog.setUint16(0, 3, true);
  // SAFETY: the kernel copies the program during the call, for which it is kept.
  fprog.setBigUint64(8, addressOf(program), true);
  setOption(fd, SO_ATTACH_REUSEPORT_CBPF, new Uint8Array(fprog.buffer));
}

/** A struct sock_filter: code, two jumps, constant. */
function instruction(code: number, constant: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, code, true);
  view.setUint32(4, constant, true);
  return new Uint8Array(view.buffer);
}
