/**
 * The command `sserver`: one server of slaunch by itself.
 *
 * @module
 */
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { NO_SERVICE_TIME } from "../../servers/service/request_times.ts";
import { sserver } from "../../servers/sserver/sserver.ts";
import { defineCommand } from "../cli/command.ts";
import { portFlag, requestTimeoutFlag, serverFlags } from "../cli/launch.ts";
import { endWithParentThoughBlocked } from "../cli/signals.ts";

export const command = defineCommand({
  name: "sserver",
  operands: "",
  description: "Serve many clients at once until SIGINT (^C) or SIGTERM.",
  examples: [
    ["Serve at a port", "--port 8888"],
    ["Echo lines, and end after a minute without a client", "--port 8888 --echo --idle 1m"],
  ],
  flags: {
    port: portFlag,
    channel: {
      kind: "integer",
      value: "FD",
      min: 0,
      max: 2 ** 31 - 1,
      help: "Receive connections over the inherited Unix socket FD instead",
    },
    "request-timeout": requestTimeoutFlag,
    ...serverFlags,
  },
  exits: ["failed", "unsupported"],
  hints: {
    port: "write another --port, or --port 0 for a free one",
    channel: "write another --channel, or a --port",
  },
  async run({ operands, flags, given }) {
    if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
    const { port, channel, idle: idleSeconds, echo, verbose } = flags;
    if (given.has("port") && channel !== undefined) {
      throw new UsageError("Cannot serve both a port and a channel: write --port or --channel");
    }
    endWithParentThoughBlocked();
    const source = channel === undefined ? { port } : { channel };
    const serviceTime = NO_SERVICE_TIME;
    await sserver({
      source,
      service: "bytes",
      serviceTime,
      requestTimeoutSeconds: flags["request-timeout"],
      idleSeconds,
      echo,
      verbose,
      slot: null,
    });
    return ExitCode.ok;
  },
});
