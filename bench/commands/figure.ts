/**
 * The command `figure`: which process holds which socket of a running server, read from /proc (the book's
 * figures 30.2, 30.3 and 30.4).
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { endWithParent } from "../cli/signals.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine, writeFile } from "../cli/output.ts";
import { userPath } from "../cli/paths.ts";
import { isReachable, requireDesign, usualService } from "../../servers/designs.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { startServer } from "../agents/server.ts";
import { readRunningHolders, readSocketHolders, type SocketHolders } from "../machine/holders.ts";
import { processName, runningAs, runningAt } from "../machine/running.ts";
import { descriptorTable, drawDescriptors } from "../report/descriptors.ts";
import { toTerminal } from "../report/tables/terminal.ts";
import { terminalOptions } from "../cli/terminal.ts";

const flags = {
  children: {
    kind: "integer",
    value: "N",
    default: 3,
    min: 1,
    max: 100,
    help: "Start N children in a pool",
  },
  pid: {
    kind: "integer",
    value: "N",
    min: 1,
    max: 2 ** 22,
    help: "Draw the running server of process N, and those below it, in place of a design",
  },
  port: {
    kind: "integer",
    value: "PORT",
    min: 1,
    max: 65535,
    help: "Draw the running server at PORT in place of a design",
  },
  output: { kind: "string", value: "FILE", help: "Also draw it as SVG into FILE" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "figure",
  operands: "[DESIGN]",
  description:
    "Start a server design, print which process holds which of its sockets, and end it: the book's\n" +
    "figures 30.2 (prefork-shared-accept), 30.3 and 30.4 (prefork-fd-passing). Or do so for a server that runs.",
  examples: [
    ["Show who holds which socket of a pool, the book's figure 30.2", "prefork-shared-accept"],
    ["Draw it for descriptor passing", "prefork-fd-passing --children 4 --output figure.svg"],
    ["Show who holds the sockets of a server that runs", "--port 8080"],
  ],
  flags,
  exits: ["failed", "unsupported", "record"],
  run: figure,
});

async function figure({ operands, flags }: Options): Promise<number> {
  const [id, ...rest] = operands;
  const { pid, port } = flags;
  if (pid !== undefined || port !== undefined) {
    if (id !== undefined || pid !== undefined && port !== undefined) {
      throw new UsageError("Cannot draw two servers: write a design, --pid or --port");
    }
    const running = pid === undefined ? runningAt(port!) : runningAs(pid);
    const { roots } = running;
    const title = `Which process holds which socket: ${processName(roots[0]!)} (process ${
      roots.join(", ")
    })`;
    return print(readRunningHolders(running), title, flags);
  }
  if (id === undefined) throw new UsageError("Missing design: write deno task figure DESIGN");
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one design only`);
  const design = requireDesign(id);
  if (!isReachable(design, false)) {
    throw new UsageError(
      `Cannot draw ${id}, which does not listen on a port: write another design`,
    );
  }
  endWithParent();
  const launch = design.children === "exec"
    ? { processors: affinity(), idleSeconds: 0, echo: false, verbose: false }
    : null;
  await using server = startServer({
    design: id,
    service: usualService(design),
    children: flags.children,
    launch,
  });
  const ready = await server.next("ready");
  const isOneProcess = design.children === "worker";
  const holders = readSocketHolders(ready.pid, ready.port, isOneProcess);
  const title = `Which process holds which socket: ${id}` +
    (isOneProcess ? ", whose threads share all" : "");
  return print(holders, title, flags);
}

function print(
  holders: SocketHolders,
  title: string,
  { output }: Pick<Options["flags"], "output">,
): number {
  printLine(toTerminal(descriptorTable(holders, title), terminalOptions()));
  if (output !== undefined) writeFile(userPath(output), drawDescriptors(holders, title));
  return ExitCode.ok;
}
