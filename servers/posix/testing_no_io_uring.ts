/**
 * Simulates a container that forbids io_uring, as Docker's does: in a process that loads this module, and in its
 * descendants, io_uring_setup(2) fails with EPERM.
 *
 * @module
 */
import { Errno } from "./errors.ts";
import { refuse } from "./testing_seccomp.ts";

refuse("io_uring_setup", Errno.EPERM);
