/**
 * C functions that only tests call.
 *
 * @module
 */
import { checked } from "./errors.ts";

/** The C functions, unchecked, with their prototypes as in `symbols.ts`. */
export const testLibc = Deno.dlopen("libc.so.6", {
  alarm: { parameters: ["u32"], result: "u32" }, // unsigned int alarm(unsigned int seconds)
  getgid: { parameters: [], result: "i32" }, // gid_t getgid(void)
  umask: { parameters: ["u32"], result: "u32" }, // mode_t umask(mode_t mask)
  setuid: { parameters: ["u32"], result: "i32" }, // int setuid(uid_t uid)
  syscall: { parameters: ["i32", "usize", "usize", "usize"], result: "i32" }, // long syscall(long number, ...), here with three arguments
}).symbols;

/** Group ID of this process. */
export function getgid(): number {
  return testLibc.getgid();
}

/** Changes the user ID of this process for good. @throws {SystemError} EPERM without CAP_SETUID. */
export function becomeUser(uid: number): void {
  checked(testLibc.setuid(uid), "setuid", `become user ${uid}`);
}

/** Sets the file mode creation mask until the end of the block that uses it (umask(2)). */
export function withUmask(mask: number): Disposable {
  const before = testLibc.umask(mask);
  return { [Symbol.dispose]: () => void testLibc.umask(before) };
}

/** Terminates this process after so many seconds (SIGALRM), even if it is blocked. */
export function endAfter(seconds: number): void {
  testLibc.alarm(seconds);
}
