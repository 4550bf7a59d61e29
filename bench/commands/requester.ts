/**
 * The command `requester`: the interactive client of the Open System Services Programmer's Guide (its requester2), for a
 * server that echoes.
 *
 * A line comes back with its newline and a NUL, so that `hello` is 7 bytes, as in the guide's dialog. By the
 * same count `hello from another requester` is 30, where the guide has 29.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { linesOf } from "../../servers/host/lines.ts";

const flags = {
  port: { kind: "integer", value: "PORT", default: 0, min: 1, max: 65535, help: "port, required" },
  host: { kind: "string", value: "HOST", help: "name or address (default 127.0.0.1)" },
} as const;

/** What was written behind the command. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "requester",
  operands: "",
  description:
    "Send each line to a server started with --echo, and tell how many bytes come back.\n" +
    "^D ends it.",
  flags,
  run: requester,
});

const NUL = 0;
const PROMPT = new TextEncoder().encode("?");

async function requester({ operands, flags }: Options): Promise<number> {
  if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
  const { port, host: hostname = "127.0.0.1" } = flags;
  if (port === 0) throw new UsageError("Missing port: write deno task requester --port PORT");
  printLine("Requester starting");
  try {
    using connection = await Deno.connect({ hostname, port });
    Deno.stdout.writeSync(PROMPT);
    for await (const line of linesOf(Deno.stdin.readable)) {
      printLine(`Read ${await exchange(connection, line)} bytes back from server`);
      Deno.stdout.writeSync(PROMPT);
    }
    printLine("");
    return ExitCode.ok;
  } catch (error) {
    const { message } = error as Error;
    console.error(
      `requester: Cannot talk to ${hostname}:${port}: ${message}; ` +
        `is it deno task serve slaunch --echo --port ${port}?`,
    );
    return ExitCode.failed;
  }
}

/** Sends a line, and reads its echo up to the NUL; the length of that in bytes is the result. */
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
