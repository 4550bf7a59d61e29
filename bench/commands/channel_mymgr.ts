/**
 * Example: a server that is a resource manager, and its client (the document's first way in).
 *
 * ```c
 * resmgr_attach(.., "/dev/mymgr/", ..);                  // the server
 * fd = open("/net/nodename/dev/mymgr", ..);              // the client
 * write(fd, ..); read(fd, ..); MsgSend(fd, ..); close(fd);
 * ```
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { endWithParentThoughBlocked } from "../cli/signals.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { Errno, type SystemError } from "../../servers/posix/errors.ts";
import { close, msgSend, open, read, resmgrAttach, write } from "../../servers/ipc/channel/mod.ts";

const flags = {
  path: { kind: "string", value: "PATH", help: "Serve or call PATH (default /dev/mymgr)" },
  node: {
    kind: "string",
    value: "NODE",
    help: "call: Reach the path on NODE (default: this node)",
  },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "channel-mymgr",
  operands: "serve | call TEXT",
  description:
    "Example of a resource manager over a message channel: serve it until SIGINT (^C) or\n" +
    "SIGTERM, or write a text to it, read it back, and ask for its length.",
  examples: [
    ["Serve the resource manager", "serve"],
    ["Write to it and read back, from another terminal", "call hello"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  run: example,
});

/** Advice by error number. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [Errno.ENOENT, "start deno task channel-mymgr serve first"],
  [Errno.EEXIST, "a server is there already; write another --path"],
  [Errno.EINVAL, "write --path /dev/NAME"],
  [
    Errno.EHOSTUNREACH,
    "start deno task channel-gateway NODE=USER@HOST on this node; it prints why ssh failed",
  ],
]);

function example({ operands: [verb, text, ...rest], flags }: Options): number {
  const path = flags.path ?? "/dev/mymgr";
  const farPath = flags.node === undefined ? path : `/net/${flags.node}${path}`;
  const isCall = verb === "call" && text !== undefined && rest.length === 0;
  try {
    if (verb === "serve" && text === undefined) serve(path);
    if (isCall) return call(farPath, text);
  } catch (error) {
    const hint = HINTS.get((error as SystemError).errno);
    throw hint ? new UsageError(`${(error as Error).message}; ${hint}`) : error;
  }
  throw new UsageError("Write deno task channel-mymgr serve, or deno task channel-mymgr call TEXT");
}

function serve(path: string): never {
  endWithParentThoughBlocked();
  const manager = resmgrAttach(path, {
    open: () => ({ kept: new Uint8Array() }),
    write: (file, bytes) => (file.kept = bytes.slice()).length,
    read: (file, length) => file.kept.slice(0, length),
    message: (file) => ({ status: file.kept.length }),
  });
  printLine(`ready: resource manager at ${path} (process ${Deno.pid}; ^C ends it)`);
  for (;;) manager.handle();
}

function call(path: string, text: string): number {
  const fd = open(path);
  const written = write(fd, new TextEncoder().encode(text));
  const buffer = new Uint8Array(4096);
  const back = new TextDecoder().decode(buffer.subarray(0, read(fd, buffer)));
  const length = msgSend(fd, new Uint8Array());
  close(fd);
  printLine(`wrote ${written} bytes, read "${back}", and msgSend() says ${length}`);
  return ExitCode.ok;
}
