/**
 * Example: a server that is a simple MsgReceive() loop, and its client (the document's second way in).
 *
 * ```c
 * name_attach(NULL, "myname", 0);                        // the server
 * coid = name_open("myname", 0);                         // the client
 * MsgSend(coid, &msg, ..); name_close(coid);
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
import {
  msgReceive,
  msgReply,
  msgSend,
  nameAttach,
  nameClose,
  nameOpen,
} from "../../servers/ipc/channel/mod.ts";

const flags = {
  name: { kind: "string", value: "NAME", help: "Serve or call NAME (default myname)" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "channel-myname",
  operands: "serve | call TEXT",
  description:
    "Example of a loop that receives on a message channel: serve until SIGINT (^C) or\n" +
    "SIGTERM, or send a text and print the reply, which is the text in capitals.",
  examples: [
    ["Serve", "serve"],
    ["Send a text, from another terminal", "call hello"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  run: example,
});

/** Advice by error number. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [Errno.ENOENT, "start deno task channel-myname serve first"],
  [Errno.EEXIST, "a server has it already; write another --name"],
]);

function example({ operands: [verb, text, ...rest], flags }: Options): number {
  const name = flags.name ?? "myname";
  const isCall = verb === "call" && text !== undefined && rest.length === 0;
  try {
    if (verb === "serve" && text === undefined) serve(name);
    if (isCall) return call(name, text);
  } catch (error) {
    const hint = HINTS.get((error as SystemError).errno);
    throw hint ? new UsageError(`${(error as Error).message}; ${hint}`) : error;
  }
  throw new UsageError(
    "Write deno task channel-myname serve, or deno task channel-myname call TEXT",
  );
}

function serve(name: string): never {
  endWithParentThoughBlocked();
  const { chid } = nameAttach(name, 0);
  printLine(`ready: receiving as ${name} (process ${Deno.pid}; ^C ends it)`);
  const buffer = new Uint8Array(4096);
  for (;;) {
    const { rcvid, pulse, info } = msgReceive(chid, buffer);
    if (pulse) continue; // a client has detached
    const text = new TextDecoder().decode(buffer.subarray(0, info.msglen));
    const reply = new TextEncoder().encode(text.toUpperCase());
    msgReply(rcvid, reply.length, reply);
  }
}

function call(name: string, text: string): number {
  const coid = nameOpen(name, 0);
  const reply = new Uint8Array(4096);
  const length = msgSend(coid, new TextEncoder().encode(text), reply);
  nameClose(coid);
  printLine(`reply: ${new TextDecoder().decode(reply.subarray(0, length))}`);
  return ExitCode.ok;
}
