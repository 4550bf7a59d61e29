/**
 * The program: a table of its commands. `deno task COMMAND` runs it with the permissions of that command.
 *
 * @module
 */
import { UsageError } from "../servers/errors.ts";
import { requireNamed } from "../servers/nearest.ts";
import type { CommandTable } from "./cli/command.ts";
import { requireDeno } from "./cli/deno_version.ts";
import { explainUncaught, printError, surviveFullStandardError } from "./cli/explain.ts";
import { existingHere } from "./cli/way_in.ts";

/** All commands. Each is loaded when it runs, so that an error in loading it is reported as one. */
export const commands: CommandTable = existingHere({
  "bench": () => import("./commands/bench.ts"),
  "compare": () => import("./commands/compare.ts"),
  "sweep": () => import("./commands/sweep.ts"),
  "runs": () => import("./commands/runs.ts"),
  "tables": () => import("./commands/tables.ts"),
  "serve": () => import("./commands/serve.ts"),
  "load": () => import("./commands/load.ts"),
  "watch": () => import("./commands/watch.ts"),
  "figure": () => import("./commands/figure.ts"),
  "doctor": () => import("./commands/doctor.ts"),
  "designs": () => import("./commands/designs.ts"),
  "sserver": () => import("./commands/sserver.ts"),
  "requester": () => import("./commands/requester.ts"),
  "door-square": () => import("./commands/door_square.ts"),
  "channel-mymgr": () => import("./commands/channel_mymgr.ts"),
  "channel-myname": () => import("./commands/channel_myname.ts"),
  "channel-gateway": () => import("./commands/channel_gateway.ts"),
  "costs": () => import("./commands/costs.ts"),
  "messages": () => import("./commands/messages.ts"),
  "proof": () => import("./commands/proof.ts"),
  "startup": () => import("./commands/startup.ts"),
  "soak": () => import("./commands/soak.ts"),
  "schema": () => import("./commands/schema.ts"),
  "help": async () => {
    const { helpCommand } = await import("./commands/help.ts");
    return { command: helpCommand(commands) };
  },
  "completions": async () => {
    const { completionsCommand } = await import("./commands/completions.ts");
    return { command: completionsCommand(commands) };
  },
  "docs": async () => {
    const { docsCommand } = await import("./commands/docs.ts");
    return { command: docsCommand(commands) };
  },
});

/** What may be written in place of a command. */
const ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ["--help", ["help"]],
  ["-h", ["help"]],
  ["--version", ["help", "--version"]],
]);

/** Runs the command named by the first argument, and returns the exit code. */
export async function herd(
  args: readonly string[],
  table: CommandTable = commands,
): Promise<number> {
  const [name = "", ...rest] = ALIASES.get(args.join(" ")) ?? args;
  let program = "herd";
  try {
    requireDeno();
    if (name === "") throw new UsageError("Missing command: write one, as herd help lists them");
    const load = requireNamed("command", name, new Map(Object.entries(table)));
    program = name;
    const [{ command }, { runCommand }] = await Promise.all([load(), import("./cli/command.ts")]);
    return await runCommand(command, rest);
  } catch (error) {
    return printError(program, error);
  }
}

if (import.meta.main) {
  surviveFullStandardError();
  explainUncaught(Deno.args[0] ?? "herd");
  Deno.exit(await herd(Deno.args));
}
