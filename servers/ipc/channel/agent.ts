/**
 * The program that a gateway starts on another node: it serves one connection over standard input and output, and
 * ends with them.
 *
 * @module
 */
import { dieWithParent, getppid } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { relayIn } from "./relay.ts";

const [STDIN, STDOUT] = [0, 1];

if (import.meta.main) {
  dieWithParent(getppid(), Signal.TERM); // with the session of sshd, even while it is blocked
  relayIn(STDIN, STDOUT);
}
