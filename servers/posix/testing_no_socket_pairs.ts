/**
 * Simulates a system without Unix sockets: in a process that loads this module, and in its descendants,
 * socketpair(2) fails with EAFNOSUPPORT.
 *
 * @module
 */
import { AF_UNIX } from "./constants.ts";
import { refuse } from "./testing_seccomp.ts";

const EAFNOSUPPORT = 97;

refuse("socketpair", EAFNOSUPPORT, [0, AF_UNIX]);
