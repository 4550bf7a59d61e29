/**
 * The command `sserver`: one server of slaunch by itself.
 *
 * @module
 */
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { sserver } from "../../servers/sserver/sserver.ts";
import { defineCommand } from "../cli/command.ts";
import { portFlag, serverFlags } from "../cli/launch.ts";
import { endWithParent } from "../cli/signals.ts";

export const command = defineCommand({
  name: "sserver",
  operands: "",
  description: "Serve many clients at once until SIGINT (^C) or SIGTERM.",
  flags: {
    port: portFlag,
    channel: {
      kind: "integer",
      value: "FD",
      default: -1,
      min: 0,
      max: 2 ** 31 - 1,
      help: "Receive connections over the inherited Unix socket FD instead",
    },
    ...serverFlags,
  },
  hints: {
    port: "write another --port, or --port 0 for a free one",
    channel: "write another --channel, or a --port",
  },
  run({ operands, flags, given }) {
    if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
    if (given.has("port") && given.has("channel")) {
      throw new UsageError("Cannot serve both a port and a channel: write --port or --channel");
    }
    endWithParent();
    const { port, channel, idle: idleSeconds, echo, verbose } = flags;
    const source = given.has("channel") ? { channel } : { port };
    sserver({ source, idleSeconds, echo, verbose, slot: null });
    return ExitCode.ok;
  },
});
