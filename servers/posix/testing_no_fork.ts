/**
 * Simulates a system where Deno cannot fork: in a process that loads this module, and in its descendants,
 * madvise(MADV_DOFORK) fails with EPERM, and a forked Deno process dies of SIGSEGV. Other programs fork.
 *
 * @module
 */
import { Errno } from "./errors.ts";
import { refuse } from "./testing_seccomp.ts";

const MADV_DOFORK = 11;

refuse("madvise", Errno.EPERM, [2, MADV_DOFORK]);
