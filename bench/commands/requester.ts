/**
 * The command `requester`: the interactive client of the Open System Services Programmer's Guide (requester2),
 * for a server that echoes.
 *
 * A line comes back with its newline and a NUL, so `hello` is 7 bytes, as in the guide's dialog. By the same
 * count `hello from another requester` is 30, where the guide has 29.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { addressText } from "../../servers/transports/transport.ts";
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode, FailedError, HerdError, UsageError } from "../../servers/errors.ts";
import { linesOf, standardInput } from "../../servers/host/lines.ts";

const flags = {
  port: {
    kind: "integer",
    value: "PORT",
    min: 1,
    max: 65535,
    help: "Connect to PORT (required)",
  },
  host: {
    kind: "string",
    value: "HOST",
    help: "Connect to HOST, a name or address (default: 127.0.0.1, or ::1 without IPv4)",
  },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "requester",
  operands: "",
  description:
    "Send each line to a server started with --echo, and print how many bytes come back.\n" +
    "^D ends it.",
  examples: [
    ["Talk to a server on this machine", "--port 8888"],
    ["Talk to one on another", "--host example.org --port 8888"],
  ],
  flags,
  exits: ["failed"],
  run: requester,
});

const NUL = 0;
const PROMPT = new TextEncoder().encode("?");

async function requester({ operands, flags }: Options): Promise<number> {
  if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
  const { port, host } = flags;
  if (port === undefined) {
    throw new UsageError("Missing port: write deno task requester --port PORT");
  }
  printLine("Requester starting");
  try {
    using connection = await connectTo(host, port);
    Deno.stdout.writeSync(PROMPT);
    for await (const line of linesOf(standardInput())) {
      printLine(`Read ${await exchange(connection, line)} bytes back from server`);
      Deno.stdout.writeSync(PROMPT);
    }
    printLine("");
    return ExitCode.ok;
  } catch (cause) {
    if (cause instanceof HerdError) throw cause;
    const where = addressText({ host: host ?? LOOPBACK[0].address, port });
    const message = `Cannot talk to ${where}: ${(cause as Error).message}; ` +
      `is it deno task serve slaunch --echo --port ${port}?`;
    throw new FailedError(message, { cause });
  }
}

/** This machine, by IPv4 and where there is none. */
const LOOPBACK = [{ address: "127.0.0.1" }, { address: "::1" }] as const;

/** Connects to the first address of a host that answers. @throws what the first of them says. */
async function connectTo(host: string | undefined, port: number): Promise<Deno.TcpConn> {
  const addresses = host === undefined
    ? LOOPBACK
    : await lookup(host, { all: true, verbatim: true });
  let failure: unknown;
  for (const { address: hostname } of addresses) {
    try {
      return await Deno.connect({ hostname, port });
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Sends a line, and reads its echo up to the NUL. Returns its length in bytes. */
async function exchange(connection: Deno.TcpConn, line: string): Promise<number> {
  const request = new TextEncoder().encode(`${line}\n`);
  for (let sent = 0; sent < request.length;) sent += await connection.write(request.subarray(sent));
  const bytes = new Uint8Array(4096);
  for (let received = 0;;) {
    const count = await connection.read(bytes);
    if (count === null) throw new Error("the server closed the connection");
    received += count;
    if (bytes[count - 1] === NUL) return received;
  }
}
