/**
 * A server that needs Deno's event loop, which a forked process does not have: the server process becomes a Deno program
 * of its own, without the flags of Herd's other programs. It has several threads, and its account is that of all.
 *
 * @module
 */
import type { Design } from "../design.ts";
import { boundAddress } from "../posix/addresses.ts";
import { exec, FIRST_DESCRIPTOR } from "../posix/programs.ts";
import type { Handles, Setup } from "./setup.ts";
import { programArguments, V8_FLAGS } from "./v8_flags.ts";

/** Options of the program, as JSON in its one argument. */
export interface AsyncServerOptions {
  readonly design: Design;
  readonly handles: Handles;
  readonly hostname: string;
  readonly port: number;
}

const PROGRAM = new URL("./async_server_main.ts", import.meta.url).href;

/** Turns the server process into that program. */
export function becomeProgram({ design, handles }: Setup): never {
  const { host: hostname, port } = boundAddress(handles.listener);
  const options: AsyncServerOptions = {
    design,
    handles: {
      ...handles,
      memory: FIRST_DESCRIPTOR,
      status: FIRST_DESCRIPTOR + 1,
      gate: -1,
      listener: -1,
      listeners: [],
    },
    hostname,
    port,
  };
  const net = `--allow-net=${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  // It loads its listing. A list of folders cannot have one with a comma.
  const args = programArguments(PROGRAM, "--allow-read", net)
    .filter((argument) => argument !== V8_FLAGS);
  // SAFETY: execve keeps the parent-death signal, since the program has no more rights than this one.
  exec(Deno.execPath(), [...args, JSON.stringify(options)], [handles.memory, handles.status]);
}
