/**
 * Kernels that lack a system call, and containers that forbid it, made by a filter (seccomp(2)).
 *
 * @module
 */
import { checked, errno, SystemError } from "./errors.ts";
import { addressOf, libc } from "./libc.ts";
import { testLibc } from "./testing.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;

/** Numbers of system calls on x86-64 and arm64. */
const CALLS = {
  clone: [56, 220],
  close_range: [436, 436],
  io_uring_setup: [425, 425],
  madvise: [28, 233],
  pidfd_open: [434, 434],
  seccomp: [317, 277],
  socketpair: [53, 199],
} as const;

const numberOf = (call: keyof typeof CALLS) => CALLS[call][Deno.build.arch === "x86_64" ? 0 : 1];

// Instructions of the filter (linux/filter.h, linux/seccomp.h).
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const NUMBER_AT = 0; // in struct seccomp_data
const ARGUMENTS_AT = 16;
const FAIL = 0x00050000;
const ALLOW = 0x7fff0000;
const INSTRUCTION_BYTES = 8;

/** Of a call: the place of one argument, and the value (its lower half) with which it is refused. */
export type Argument = readonly [index: number, value: number];

/**
 * In this thread, and in the threads and processes that it starts from now on, a system call fails with that
 * error number: always, or with that argument.
 */
export function refuse(call: keyof typeof CALLS, error: number, argument?: Argument): void {
  // struct sock_filter: code, instructions to skip if equal and if not, operand.
  const program = [
    [LOAD, 0, 0, NUMBER_AT],
    [JUMP_IF_EQUAL, 0, argument ? 3 : 1, numberOf(call)],
    ...(argument
      ? [[LOAD, 0, 0, ARGUMENTS_AT + 8 * argument[0]], [JUMP_IF_EQUAL, 0, 1, argument[1]]]
      : []),
    [RETURN, 0, 0, FAIL | error],
    [RETURN, 0, 0, ALLOW],
  ];
  const filter = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(filter.buffer);
  for (const [i, [code, equal, other, operand]] of program.entries()) {
    view.setUint16(8 * i, code!, true);
    view.setUint8(8 * i + 2, equal!);
    view.setUint8(8 * i + 3, other!);
    view.setUint32(8 * i + 4, operand!, true);
  }
  // struct sock_fprog: length and address. SAFETY: the kernel copies both before the call returns.
  const fprog = new Uint8Array(
    new BigUint64Array([BigInt(program.length), addressOf(filter)]).buffer,
  );
  checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "give up new privileges");
  const mode = BigInt(SECCOMP_SET_MODE_FILTER);
  if (testLibc.syscall(numberOf("seccomp"), mode, 0n, addressOf(fprog)) !== 0) {
    throw new SystemError("seccomp", `refuse ${call}`, errno());
  }
}
