/**
 * A server made of threads: Workers of the host. This is how it is started and watched; it ends with the
 * host, since a Worker blocked in a system call cannot be ended by itself.
 *
 * @module
 */
import type { Use, Watch } from "./account.ts";
import type { Slot } from "./children/meter.ts";
import type { Setup } from "./children/setup.ts";
import { startWorker } from "./children/worker.ts";
import type { Running } from "./host.ts";
import { processCpu, threadCpu, usage } from "./posix/clocks.ts";
import { contextSwitches, cpuTicks } from "./posix/files.ts";
import { getpid } from "./posix/processes.ts";

/** Starts the server's main thread. */
export function startThreads(setup: Setup): Running {
  const { handles, address } = setup;
  startWorker({ role: "parent", index: -1, connection: -1, address, handles });
  return new Threads(setup);
}

/** The running threads, seen from the host's own. */
class Threads implements Running, Watch {
  readonly ended = new Promise<string>(() => {});
  readonly watch = this;
  readonly #setup: Setup;
  readonly #host = getpid();

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  async end(): Promise<void> {
    // The host exits next, and with it every thread.
  }

  parent(slot: Slot): Use {
    return useOf(slot.pid);
  }

  child(slot: Slot): Use {
    return this.#setup.design.lifetime === "client" ? this.#everythingElse() : useOf(slot.pid);
  }

  // Threads cannot be asked from outside how their time splits: it is told as the process's does.
  parentTimes() {
    return cpuTicks(this.#host);
  }

  childTimes() {
    return cpuTicks(this.#host);
  }

  /** What all threads have used that are neither the host's own nor the parent, dead ones included. */
  #everythingElse(): Use {
    const whole = usage("process");
    const rest = [useOf(this.#host), useOf(this.#setup.meter.parent.pid)];
    const less = (figure: (use: Use) => number) => rest.reduce((sum, use) => sum + figure(use), 0);
    return {
      cpu: processCpu(this.#host)! - less((use) => use.cpu),
      switches: {
        voluntary: whole.voluntary - less((use) => use.switches.voluntary),
        involuntary: whole.involuntary - less((use) => use.switches.involuntary),
      },
    };
  }
}

function useOf(tid: number): Use {
  return { cpu: threadCpu(tid) ?? 0, switches: contextSwitches(`/proc/self/task/${tid}`) };
}
