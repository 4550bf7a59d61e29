/**
 * Children that run another program, `sserver`, each on a processor of its own: fork(2), the affinity,
 * execve(2).
 *
 * posix_spawn(3) would cost less, but can set neither affinity nor parent-death signal; a forked child sets
 * both for itself, so that the program never runs without them.
 *
 * @module
 */
import { dialog, say } from "./dialog.ts";
import { Inherited, type Launch } from "./launch.ts";
import { pipe } from "../posix/descriptors.ts";
import { forkAgain } from "../posix/fork.ts";
import { close, read } from "../posix/io.ts";
import { currentProcessor, getpid, setAffinity } from "../posix/processes.ts";
import { exec } from "../posix/programs.ts";
import { programArguments } from "./v8_flags.ts";
import { type Maker, Pool, type SocketPair } from "./pool.ts";
import type { SserverOptions } from "./launch.ts";
import { beginUnder, type Setup } from "./setup.ts";

const PROGRAM = new URL("../sserver/sserver.ts", import.meta.url).href;

/** Launches a pool of sservers. */
export class Execs implements Maker {
  readonly #setup: Setup;
  readonly #launch: Launch;
  readonly #pid = getpid();
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#launch = setup.launch!;
    this.pool = new Pool(setup, this);
    if (this.#launch.verbose) say(dialog.launching(currentProcessor()));
  }

  start(index: number, { childEnd }: SocketPair): number {
    if (!this.#launch.verbose) return this.#fork(index, childEnd, []);
    const [waiting, starting] = pipe();
    try {
      const pid = this.#fork(index, childEnd, [starting]);
      close(starting);
      // One at a time, which gives the dialog its order. The read also returns if the program dies.
      read(waiting, new Uint8Array(1));
      return pid;
    } catch (error) {
      close(starting);
      throw error;
    } finally {
      close(waiting);
    }
  }

  startFor(): number {
    throw new Error("Cannot launch a server for one client: it serves many");
  }

  #fork(index: number, socket: number, rest: readonly number[]): number {
    const { handles } = this.#setup;
    const { memory, status, service, serviceTime, requestTimeout } = handles;
    const { processors, idleSeconds, echo, verbose } = this.#launch;
    const program = Deno.execPath();
    const options: SserverOptions = {
      source: { channel: Inherited.socket },
      service,
      serviceTime,
      requestTimeoutSeconds: requestTimeout,
      idleSeconds,
      echo,
      verbose,
      slot: index,
    };
    const args = [...programArguments(PROGRAM), JSON.stringify(options)];
    return forkAgain(() => {
      beginUnder(this.#pid, handles);
      setAffinity([processors[index]!]);
      if (verbose) say(dialog.spawned(currentProcessor()));
      // SAFETY: execve keeps the parent-death signal, since the program has no more rights than this one.
      exec(program, args, [memory, status, socket, ...rest]);
    });
  }
}
