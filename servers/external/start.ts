/**
 * What an external server needs before it can start: its program, a port, its files.
 *
 * @module
 */
import { FailedError } from "../errors.ts";
import {
  isExecutable,
  makeFolder,
  programFolders,
  temporaryFolder,
  writeNewFile,
} from "../posix/folders.ts";
import { close } from "../posix/io.ts";
import { loopbackHost } from "../posix/network.ts";
import { tcp } from "../transports/stream.ts";
import { type External, fill, findProgram, type Given } from "./external.ts";

/** The path of its program. @throws {FailedError} if there is none. */
export function requireProgram({ name, command: [program = ""], folder }: External): string {
  const folders = programFolders();
  const path = findProgram(program, { from: folder, folders, isExecutable });
  if (path !== undefined) return path;
  const where = program.includes("/") ? `in ${folder}` : "in PATH";
  throw new FailedError(`Cannot start ${name}: there is no program ${program} ${where}`);
}

/**
 * An address with a port that is free. Nobody holds it: between this and the start of the server another program may
 * take it, which then shows.
 */
export function freeAddress(): { host: string; port: number } {
  const { listener, address: { host, port } } = tcp.bind({ host: loopbackHost(), port: 0 });
  close(listener);
  return { host, port };
}

/** A new folder for its files, which only this user may read unless it is shared. Returns the path. */
export function makeTemporaryFolder({ shared }: External): string {
  const path = `${temporaryFolder()}/herd-${crypto.randomUUID()}`;
  makeFolder(path, shared ? 0o755 : 0o700);
  return path;
}

/** Writes its files; and for HTTP the file `bytes/N` with N bytes, which clients ask for unless it has a target. */
export function writeFiles({ files, service, target }: External, given: Given): void {
  const folders = new Set([given.dir]);
  const write = (path: string, bytes: Uint8Array<ArrayBuffer>) => {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = `${given.dir}/${parts.slice(0, depth).join("/")}`;
      if (!folders.has(folder)) makeFolder(folder, 0o755);
      folders.add(folder);
    }
    writeNewFile(`${given.dir}/${path}`, bytes);
  };
  for (const [path, text] of Object.entries(files)) {
    write(fill(path, given), new TextEncoder().encode(fill(text, given)));
  }
  const asked = `bytes/${given.bytes}`;
  if (service === "http" && target === null && files[asked] === undefined) {
    write(asked, new Uint8Array(given.bytes).fill(BODY));
  }
}

/** The letter A. */
const BODY = 65;
