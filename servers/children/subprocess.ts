/**
 * Children that are Deno subprocesses, made by posix_spawn: the server process has no event loop, which
 * `Deno.Command` would need.
 *
 * @module
 */
import { getpid, spawn } from "../posix/processes.ts";
import { V8_FLAGS } from "./v8_flags.ts";
import { type Channel, type Maker, Pool } from "./pool.ts";
import type { Handles, Setup } from "./setup.ts";

/** What a subprocess is told, on its command line. */
export interface Told {
  readonly parent: number;
  readonly index: number;
  readonly connection: number;
  readonly channel: number;
  readonly handles: Handles;
}

const PROGRAM = new URL("./subprocess_main.ts", import.meta.url).pathname;

/** It finds its listing by the registry. */
const LISTINGS = new URL("..", import.meta.url).pathname;

/** Spawns a pool of Deno subprocesses, or one for each client. */
export class Subprocesses implements Maker {
  readonly #setup: Setup;
  readonly #pid = getpid();
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.pool = new Pool(setup, this);
  }

  start(index: number, channel: Channel): number {
    return this.#spawn({ index, connection: -1, channel: channel.childs });
  }

  startFor(connection: number): number {
    return this.#spawn({ index: 0, connection, channel: -1 });
  }

  #spawn(child: Omit<Told, "parent" | "handles">): number {
    const { handles, design } = this.#setup;
    const told: Told = { parent: this.#pid, ...child, handles };
    const accepts = design.lifetime === "pool" && design.passes === undefined;
    const inherited = [
      handles.status,
      handles.gate,
      handles.memory,
      handles.lockFile,
      accepts ? handles.listener : -1,
      child.connection,
      child.channel,
    ].filter((descriptor) => descriptor !== -1);
    const flags = ["--no-prompt", "--no-config", "--no-lock", V8_FLAGS];
    return spawn(
      Deno.execPath(),
      ["run", ...flags, "--allow-ffi", `--allow-read=${LISTINGS}`, PROGRAM, JSON.stringify(told)],
      inherited,
    );
  }
}
