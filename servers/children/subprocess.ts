/**
 * Children that are Deno subprocesses, made by posix_spawn: `Deno.Command` needs an event loop, which the
 * server process does not have.
 *
 * @module
 */
import type { Design } from "../design.ts";
import { getpid } from "../posix/processes.ts";
import { spawn } from "../posix/programs.ts";
import { Handover } from "./handover.ts";
import { programArguments } from "./v8_flags.ts";
import { type Maker, Pool, type SocketPair } from "./pool.ts";
import type { Handles, Setup } from "./setup.ts";

/** Options of a subprocess, as JSON in its one argument. */
export interface SubprocessOptions {
  readonly parent: number;
  readonly index: number;
  readonly connection: number;
  readonly socket: number;
  /** Where one for a client says that it has begun; −1: nobody asks. */
  readonly begun: number;
  /** Stream of the times of its requests. */
  readonly stream: number;
  readonly design: Design;
  readonly handles: Handles;
}

const PROGRAM = new URL("./subprocess_main.ts", import.meta.url).href;

/** Spawns a pool of Deno subprocesses, or one for each client. */
export class Subprocesses implements Maker {
  readonly #setup: Setup;
  readonly #pid = getpid();
  readonly handover: Handover | undefined;
  #clients = 0;
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.handover = setup.design.lifetime === "client" ? new Handover() : undefined;
    this.pool = new Pool(setup, this);
  }

  start(index: number, { childEnd }: SocketPair): number {
    return this.#spawn({ index, connection: -1, socket: childEnd, begun: -1, stream: index });
  }

  startFor(connection: number): number {
    const { begun } = this.handover!;
    return this.#spawn({ index: 0, connection, socket: -1, begun, stream: this.#clients++ });
  }

  #spawn(child: Omit<SubprocessOptions, "parent" | "design" | "handles">): number {
    const { handles, design } = this.#setup;
    const options: SubprocessOptions = { parent: this.#pid, ...child, design, handles };
    const accepts = design.lifetime === "pool" && design.passes === undefined;
    const inherited = [
      handles.status,
      handles.gate,
      handles.memory,
      handles.lockFile,
      accepts ? handles.listener : -1,
      child.connection,
      child.socket,
      child.begun,
    ].filter((descriptor) => descriptor !== -1);
    // It loads its listing. A list of folders cannot have one with a comma.
    const args = [...programArguments(PROGRAM, "--allow-read"), JSON.stringify(options)];
    return spawn(Deno.execPath(), args, inherited);
  }
}
