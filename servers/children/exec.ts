/**
 * Children that are another program, `sserver`, each on a processor of its own: fork(2), the affinity,
 * execve(2).
 *
 * posix_spawn(3) could start it for less, but knows neither affinity nor parent-death signal; a forked
 * child sets both for itself, and the program never runs a moment without them.
 *
 * @module
 */
import { dialog, say } from "./dialog.ts";
import { Inherited, type Launch } from "./launch.ts";
import { forkAgain } from "../posix/fork.ts";
import { currentProcessor, dieWithParent, exec, getpid, setAffinity } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { close, pipe, read } from "../posix/sockets.ts";
import { V8_FLAGS } from "./v8_flags.ts";
import { type Channel, type Maker, Pool } from "./pool.ts";
import type { SserverOptions } from "./launch.ts";
import type { Setup } from "./setup.ts";

const PROGRAM = new URL("../sserver/sserver.ts", import.meta.url).pathname;
const DENO_FLAGS = ["--no-prompt", V8_FLAGS, "--allow-ffi"];

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

  start(index: number, channel: Channel): number {
    if (!this.#launch.verbose) return this.#fork(index, channel, []);
    const [waiting, starting] = pipe();
    const pid = this.#fork(index, channel, [starting]);
    close(starting);
    // One after the other, for the dialog to have its order. It also ends where the program dies.
    read(waiting, new Uint8Array(1));
    close(waiting);
    return pid;
  }

  startFor(): number {
    throw new Error("Cannot launch a server for one client: it serves many");
  }

  #fork(index: number, channel: Channel, rest: readonly number[]): number {
    const { handles: { memory, status } } = this.#setup;
    const { processors, idleSeconds, echo, verbose } = this.#launch;
    const program = Deno.execPath();
    const options: SserverOptions = {
      source: { channel: Inherited.channel },
      idleSeconds,
      echo,
      verbose,
      slot: index,
    };
    const args = ["run", ...DENO_FLAGS, PROGRAM, JSON.stringify(options)];
    return forkAgain(() => {
      dieWithParent(this.#pid, Signal.KILL);
      setAffinity([processors[index]!]);
      if (verbose) say(dialog.spawned(currentProcessor()));
      // SAFETY: execve keeps the parent-death signal, since the program has no more rights than this one.
      exec(program, args, [memory, status, channel.childs, ...rest]);
    });
  }
}
