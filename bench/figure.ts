/**
 * Command: who holds which descriptor of a server, drawn from the /proc of one that runs (the book's
 * figures 30.2, 30.3 and 30.4).
 *
 * @module
 */
import {
  type Command,
  Exit,
  type Parsed,
  parseFlags,
  printLine,
  requireDesign,
  runCommand,
  UsageError,
  userPath,
} from "../servers/cli.ts";
import { Host } from "../servers/host/host.ts";
import { launchFlags, launchOf } from "../servers/sserver/launch.ts";
import { dieWithParent, getpid, getppid } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { descriptorTable, drawDescriptors, lookAtHerd } from "./report/descriptors.ts";
import { toTerminal } from "./report/table.ts";
import { terminalOptions } from "./terminal.ts";

const flags = {
  children: {
    kind: "integer",
    value: "N",
    default: 3,
    min: 1,
    max: 100,
    help: "children of a pool",
  },
  output: { kind: "string", value: "FILE", help: "draw it, too, into this file as SVG" },
} as const;

const command: Command<typeof flags> = {
  name: "figure",
  operands: "DESIGN",
  description:
    "Start a server design, look in /proc who holds which of its sockets, and end it:\n" +
    "the book's figures 30.2 (prefork-shared-accept), 30.3 and 30.4 (prefork-fd-passing).",
  flags,
};

async function figure({ operands, flags }: Parsed<typeof command.flags>): Promise<number> {
  const [id, ...rest] = operands;
  if (id === undefined) throw new UsageError("Missing design: write deno task figure DESIGN");
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one design only`);
  const design = requireDesign(id);
  if (design.transport !== undefined) {
    throw new UsageError(
      `Cannot draw ${id}, which has no listening socket at a port: write another design`,
    );
  }
  dieWithParent(getppid(), Signal.TERM);
  const { flags: unset } = parseFlags({ name: "figure", flags: launchFlags }, []);
  const launch = launchOf(design, { ...unset, json: false }, new Set());
  const host = await Host.start(design, { port: 0, children: flags.children, launch });
  const reason = await Promise.race([host.ready, host.failed]);
  if (reason !== undefined) {
    console.error(`figure: ${id} failed: ${reason}`);
    return Exit.failed;
  }
  const isOneProcess = design.children === "worker";
  const herd = lookAtHerd(getpid(), host.where.port, isOneProcess);
  await host.stop();
  const title = `Who holds which socket: ${id}` + (isOneProcess ? ", whose threads share all" : "");
  if (flags.output !== undefined) write(userPath(flags.output), drawDescriptors(herd, title));
  printLine(toTerminal(descriptorTable(herd, title), terminalOptions()));
  return Exit.fine;
}

function write(path: string, svg: string): void {
  try {
    Deno.writeTextFileSync(path, svg);
  } catch (error) {
    throw new UsageError(`Cannot write ${path}: ${(error as Error).message}`);
  }
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, figure));
