/**
 * Herd, the program: a table of its commands. `deno task COMMAND` runs it with the permissions of that
 * command.
 *
 * @module
 */
import { ExitCode } from "../servers/errors.ts";
import { type Command, runCommand } from "./cli/command.ts";

/** Every command. Each is loaded when it is run. */
export const commands = {
  "bench": () => import("./commands/bench.ts"),
  "compare": () => import("./commands/compare.ts"),
  "sweep": () => import("./commands/sweep.ts"),
  "tables": () => import("./commands/tables.ts"),
  "serve": () => import("./commands/serve.ts"),
  "load": () => import("./commands/load.ts"),
  "figure": () => import("./commands/figure.ts"),
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
  "schema": () => import("./commands/schema.ts"),
  "docs": async (): Promise<{ readonly command: unknown }> => {
    const { docsCommand } = await import("./commands/docs.ts");
    return { command: docsCommand(commands) };
  },
} satisfies Record<string, () => Promise<{ readonly command: unknown }>>;

/** Runs the command that the first argument names; the exit code is the result. */
export async function herd([name = "", ...args]: readonly string[]): Promise<number> {
  if (!Object.hasOwn(commands, name)) {
    const names = Object.keys(commands).join(", ");
    console.error(`herd: Unknown command "${name}": write one of ${names}`);
    return ExitCode.usage;
  }
  const { command } = await commands[name as keyof typeof commands]();
  return await runCommand(command as unknown as Command, args);
}

if (import.meta.main) Deno.exit(await herd(Deno.args));
