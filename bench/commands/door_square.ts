/**
 * The command `door-square`: an example of doors, a server that squares an integer and its client (UNP volume
 * 2, listings 15.1 and 15.2).
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { userPath } from "../cli/paths.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import {
  closeDoor,
  doorCall,
  doorCreate,
  doorRevoke,
  fattach,
  openDoor,
  ProcedureError,
} from "../../servers/ipc/door/mod.ts";
import { fromLong, toLong } from "../../servers/ipc/door/square.ts";

export const command = defineCommand({
  name: "door-square",
  operands: "serve PATH | call PATH INTEGER",
  description: "Square an integer through a door: a procedure in another process.\n" +
    "serve attaches the door to PATH until SIGINT (^C) or SIGTERM; call calls it.",
  examples: [
    ["Attach the door", "serve /tmp/square"],
    ["Call it from another terminal", "call /tmp/square 12"],
  ],
  flags: {},
  exits: ["failed", "unsupported"],
  run: square,
});

const SERVE_USAGE = "usage: door-square serve <server-pathname>";
const CALL_USAGE = "usage: door-square call <server-pathname> <integer-value>";

async function square({ operands }: Parsed<Record<never, never>>): Promise<number> {
  const [verb, path, value, ...rest] = operands;
  if (verb === "call") {
    if (path === undefined || value === undefined || rest.length > 0) return usage(CALL_USAGE);
    return call(userPath(path), integer(value));
  }
  if (verb !== "serve") return usage(`${SERVE_USAGE}\n${CALL_USAGE}`);
  if (path === undefined || value !== undefined) return usage(SERVE_USAGE);
  return await serve(userPath(path));
}

function usage(text: string): number {
  console.error(text);
  return ExitCode.usage;
}

function integer(text: string): bigint {
  const value = /^[-+]?\d+$/.test(text) ? BigInt(text) : undefined;
  if (value !== undefined && value === BigInt.asIntN(64, value)) return value;
  throw new UsageError(
    `Cannot read "${text}" as an integer: write a whole number from −3037000499 to 3037000499`,
  );
}

function call(path: string, value: bigint): number {
  const door = openDoor(path);
  try {
    const { data } = doorCall(door, { data: toLong(value), resultSize: 8 });
    printLine(`result: ${fromLong(data)}`);
    return ExitCode.ok;
  } catch (error) {
    // The procedure refuses integers whose square is too large.
    throw error instanceof ProcedureError ? new UsageError(error.message) : error;
  } finally {
    closeDoor(door);
  }
}

async function serve(path: string): Promise<number> {
  endWithParent();
  const stopped = stopSignal();
  const door = await doorCreate(new URL("../../servers/ipc/door/square.ts", import.meta.url));
  fattach(door, path);
  printLine(`ready: door-square at ${path} (process ${Deno.pid}; ^C ends it)`);
  await stopped;
  await doorRevoke(door);
  return ExitCode.ok;
}
