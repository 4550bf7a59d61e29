/**
 * Simulates a system without Unix sockets: in a process that loads this module, and in its descendants,
 * socketpair(2) fails with EAFNOSUPPORT (seccomp(2)).
 *
 * @module
 */
import { AF_UNIX } from "./constants.ts";
import { checked, errno, SystemError } from "./errors.ts";
import { addressOf, libc } from "./libc.ts";
import { testLibc } from "./testing.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
const EAFNOSUPPORT = 97;

/** Numbers of system calls, by architecture. */
const CALLS = {
  x86_64: { seccomp: 317, socketpair: 53 },
  aarch64: { seccomp: 277, socketpair: 199 },
} as const;

// Instructions of the filter (linux/filter.h, linux/seccomp.h).
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const NUMBER_AT = 0; // in struct seccomp_data
const FIRST_ARGUMENT_AT = 16;
const FAIL = 0x00050000;
const ALLOW = 0x7fff0000;
const INSTRUCTION_BYTES = 8;

function refuseSocketPairs(): void {
  const { seccomp, socketpair } = CALLS[Deno.build.arch];
  // struct sock_filter: code, instructions to skip if equal and if not, operand.
  const program = [
    [LOAD, 0, 0, NUMBER_AT],
    [JUMP_IF_EQUAL, 0, 3, socketpair],
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    [JUMP_IF_EQUAL, 0, 1, AF_UNIX],
    [RETURN, 0, 0, FAIL | EAFNOSUPPORT],
    [RETURN, 0, 0, ALLOW],
  ] as const;
  const filter = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(filter.buffer);
  for (const [i, [code, equal, other, operand]] of program.entries()) {
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, equal);
    view.setUint8(8 * i + 3, other);
    view.setUint32(8 * i + 4, operand, true);
  }
  // struct sock_fprog: length and address. SAFETY: the kernel copies both before the call returns.
  const fprog = new Uint8Array(
    new BigUint64Array([BigInt(program.length), addressOf(filter)]).buffer,
  );
  checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "give up new privileges");
  const mode = BigInt(SECCOMP_SET_MODE_FILTER);
  if (testLibc.syscall(seccomp, mode, 0n, addressOf(fprog)) !== 0) {
    throw new SystemError("seccomp", "refuse socket pairs", errno());
  }
}

refuseSocketPairs();
