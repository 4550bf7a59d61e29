/**
 * Servers of slaunch that a test starts itself.
 *
 * @module
 */
import { sendDescriptor } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { spawn } from "../posix/programs.ts";
import { socketPair } from "../posix/sockets.ts";
import { taskArguments } from "./task.ts";

/** Starts an sserver that inherits a channel; our end of it, and its process. */
export function startAtChannel(...args: string[]): { channel: number; pid: number } {
  const [channel, theirs] = socketPair();
  const all = [...taskArguments("sserver"), `--channel=${theirs}`, ...args];
  const pid = spawn(Deno.execPath(), all, [theirs]);
  close(theirs);
  return { channel, pid };
}

/** Passes a new client to a server at a channel; the client's end of the connection. */
export function passClient(channel: number): number {
  const [client, theirs] = socketPair();
  sendDescriptor(channel, theirs);
  close(theirs);
  return client;
}
