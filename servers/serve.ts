/**
 * Command: run one server design by itself, like the book's `./serv02 PORT N`.
 *
 * @module
 */
import type { Report } from "./host/account.ts";
import type { Status } from "./children/status.ts";
import type { Design } from "./design.ts";
import {
  type Command,
  Exit,
  ownerFlags,
  type Parsed,
  printEvent,
  printLine,
  requireDesign,
  runCommand,
  UsageError,
  userSocket,
} from "./cli.ts";
import { Host } from "./host/host.ts";
import { launchFlags, launchOf } from "./sserver/launch.ts";
import { linesOf } from "./lines.ts";
import { portFlag } from "./local_port.ts";
import { settle } from "./host/owner.ts";
import { dieWithParent, getppid } from "./posix/processes.ts";
import { Signal } from "./posix/signals.ts";
import { tellWhere } from "./transports/transport.ts";

const flags = {
  port: portFlag,
  path: {
    kind: "string",
    value: "PATH",
    help: "listen at a path instead, for clients on this machine; @NAME: without a file",
  },
  children: {
    kind: "integer",
    value: "N",
    default: 15,
    min: 1,
    max: 1000,
    help: "children of a pool (not of slaunch, which has one for each processor)",
  },
  "extra-cpu": {
    kind: "integer",
    value: "NS",
    default: 0,
    min: 0,
    max: 1_000_000_000,
    help: "nanoseconds of CPU to waste on each connection, for tests of what measures it",
  },
  pin: { kind: "string", value: "0,2-3", help: "confine it to these processors" },
  ...launchFlags,
  watch: { kind: "boolean", help: "show clients and CPU of each child as they change" },
  json: { kind: "boolean", help: "one JSON object a line" },
  ...ownerFlags,
} as const;

const command: Command<typeof flags> = {
  name: "serve",
  operands: "DESIGN",
  description: "Run one server design until SIGINT (^C) or SIGTERM, then print what it cost.\n" +
    'A line "mark" on standard input starts the account afresh.',
  flags,
};

async function serve({ operands, flags, given }: Parsed<typeof command.flags>): Promise<number> {
  const [id, ...rest] = operands;
  if (id === undefined) throw new UsageError("Missing design: write deno task serve DESIGN");
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one design only`);
  if (flags.watch) requireTerminal(flags.json);
  const design = requireDesign(id);
  if (design.transport !== undefined && flags.path === undefined) {
    throw new UsageError(`Cannot serve ${id} at a port: write deno task serve ${id} --path PATH`);
  }
  if (flags.path !== undefined && flags.port !== 0) {
    throw new UsageError("Cannot serve at both --port and --path: write one of them");
  }
  // SIGTERM, not SIGKILL: the host can still end its processes in order, and they have their own.
  dieWithParent(flags.owner || getppid(), Signal.TERM);
  settle(flags);

  // Loaded only here: a server that nobody watches starts, and forks, without it.
  const view = flags.watch ? new (await import("./view/watch.ts")).LiveView() : undefined;
  const say = view ? (line: string) => view.print(line) : console.error;
  const host = await Host.start(design, {
    port: flags.port,
    path: flags.path && userSocket(flags.path),
    children: flags.children,
    launch: launchOf(design, flags, given),
    extraCpu: extraCpuOf(design, flags["extra-cpu"]),
    // Under bench only: what a kill leaves of a cgroup, bench removes.
    cgroup: flags.owner !== 0,
  }, (status) => printStatus(status, flags.json, say));
  const ended = stopSignal();
  const outcome = await Promise.race([host.ready, host.failed, ended]);
  if (outcome === undefined) {
    announce(id, host, flags);
    if (!Deno.stdin.isTerminal()) readMarks(host);
    view?.show(() => host.look());
  }
  const reason = await Promise.race([host.failed, ended]);
  view?.[Symbol.dispose]();
  const report = await host.stop();
  if (flags.json) printEvent({ event: "report", ...report });
  else printReport(report);
  if (reason === STOPPED) return Exit.fine;
  console.error(`serve: ${id} failed: ${reason}`);
  return Exit.failed;
}

/** @throws {UsageError} where the service is not ours to change. */
function extraCpuOf({ id, children }: Design, nanoseconds: number): number {
  if (children !== "exec" || nanoseconds === 0) return nanoseconds;
  throw new UsageError(
    `Cannot waste CPU in ${id}, which serves by another program: leave out --extra-cpu`,
  );
}

function printStatus(
  { kind, index, pid }: Status,
  json: boolean,
  say: (line: string) => void,
): void {
  if (kind === "ready") return;
  if (json) printEvent({ event: kind, index, pid });
  else if (kind !== "ended") {
    say(`serve: child ${index} (process ${pid}) died; a new one takes its place`);
  }
}

/** @throws {UsageError} where there is nothing to draw on. */
function requireTerminal(json: boolean): void {
  if (json) throw new UsageError("Cannot watch with --json: write one of them");
  if (Deno.stdout.isTerminal()) return;
  throw new UsageError("Cannot watch here: standard output is no terminal; leave out --watch");
}

/** What `stopSignal` resolves with. */
const STOPPED = "stopped";

function stopSignal(): Promise<typeof STOPPED> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => resolve(STOPPED));
    }
  });
}

function announce(design: string, { where }: Host, flags: { json: boolean }) {
  const { host, port, path } = where;
  const place = path === undefined ? { host, port } : { path };
  if (flags.json) printEvent({ event: "ready", design, pid: Deno.pid, ...place });
  else printLine(`ready: ${design} on ${tellWhere(where)} (process ${Deno.pid}; ^C ends it)`);
}

async function readMarks(host: Host): Promise<void> {
  for await (const line of linesOf(Deno.stdin.readable)) {
    if (line.trim() !== "mark") continue;
    host.mark();
    printEvent({ event: "marked" });
  }
}

function printReport({ design, cpu, parent, children, extraCpu }: Report): void {
  const seconds = (value: number) => value.toFixed(3).padStart(8);
  if (extraCpu !== undefined) {
    printLine(`Not the costs of ${design}: ${extraCpu} ns of CPU were wasted on each connection`);
  }
  printLine(
    `CPU time: ${cpu.total.toFixed(3)} s (user ${cpu.user.toFixed(3)}, system ${
      cpu.system.toFixed(3)
    }; the split is tick-based and only indicative)`,
  );
  printLine("child   clients   CPU s");
  for (const child of children) {
    const notes = [
      child.rejected > 0 ? `${child.rejected} refused` : "",
      child.lost > 0 ? `died ${child.lost}×` : "",
    ].filter((note) => note !== "").join(", ");
    const name = child.pid === null ? "all" : String(child.index);
    const line = `${name.padStart(5)}${String(child.connections).padStart(10)}${
      seconds(child.cpu.total)
    }  ${notes}`;
    printLine(line.trimEnd());
  }
  if (parent) printLine(`parent${" ".repeat(9)}${seconds(parent.cpu.total)}`);
  const sum = children.reduce((total, child) => total + child.connections, 0);
  printLine(`total${String(sum).padStart(10)}${seconds(cpu.total)}`);
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, serve));
