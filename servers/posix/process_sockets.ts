/**
 * Which of several processes has the server's end of a connection (proc_pid_fd(5)).
 *
 * @module
 */
import { namesIn, readLink } from "./files.ts";
import { processesBelow } from "./process_tree.ts";

/** The sockets of processes: which of them hold one, by inode. */
export class ProcessSockets {
  readonly #holders: Map<number, number[]> = new Map();
  /** The processes looked at: parents before their children. */
  readonly processes: readonly number[];

  /** Looks at the processes below this one. Those of other users have no descriptors that one may read. */
  static below(pid: number): ProcessSockets {
    return new ProcessSockets(processesBelow(pid));
  }

  constructor(processes: readonly number[]) {
    this.processes = processes;
    for (const pid of processes) this.#lookAt(pid);
  }

  #lookAt(pid: number): void {
    let names: string[];
    try {
      names = namesIn(`/proc/${pid}/fd`);
    } catch {
      return; // it has ended
    }
    for (const name of names) {
      const inode = readLink(`/proc/${pid}/fd/${name}`)?.match(/^socket:\[(\d+)\]$/)?.[1];
      if (inode === undefined) continue;
      const holders = this.#holders.get(Number(inode)) ?? [];
      if (!holders.includes(pid)) this.#holders.set(Number(inode), [...holders, pid]);
    }
  }

  /** The processes that hold a socket. */
  of(inode: number): readonly number[] {
    return this.#holders.get(inode) ?? [];
  }
}
