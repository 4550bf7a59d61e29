/**
 * What a server lacked while it served, in words.
 *
 * @module
 */
import type { Shortages } from "../../../servers/host/account.ts";

/** What is lacking, by error, and what gives more of it. */
const LACKS: Readonly<Record<string, string>> = {
  EAGAIN: "a process or thread (EAGAIN): raise ulimit -u, or the cgroup's pids.max",
  EMFILE: "an open file (EMFILE): raise ulimit -n",
  ENFILE: "an open file of the system (ENFILE): raise sysctl fs.file-max",
  ENOMEM: "memory (ENOMEM)",
  ENOBUFS: "memory for sockets (ENOBUFS)",
  ETOOMANYREFS: "room for descriptors on their way (ETOOMANYREFS): raise ulimit -n",
};

/** That a server waited: how often, what for, and what mends it. */
export function shortageText({ count, first }: Shortages): string {
  const lack = LACKS[first ?? ""] ?? "processes, descriptors or memory";
  return count === 1 ? `waited once for ${lack}` : `waited ${count} times, first for ${lack}`;
}
