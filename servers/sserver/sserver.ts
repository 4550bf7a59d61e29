/**
 * Command: `sserver`, a static server that serves many clients at once (the program of that name in the
 * Open System Services Programmer's Guide). `slaunch` launches one on each processor and passes connections
 * to it; by itself it listens on a port of its own.
 *
 * @module
 */
import { Slot } from "../children/meter.ts";
import { announce, enter, openSlot } from "../children/setup.ts";
import { type Command, Exit, type Parsed, printLine, runCommand, UsageError } from "../cli.ts";
import { dialog, say, Transcript } from "./dialog.ts";
import { Echo } from "./echo.ts";
import { Inherited, serverFlags } from "./launch.ts";
import { listenOn, portFlag } from "../local_port.ts";
import { multiplex, type Observer, type Source } from "./multiplex.ts";
import { Poller, receiveDescriptor } from "../posix/descriptors.ts";
import {
  currentProcessor,
  descriptorLimit,
  dieWithParent,
  getpid,
  getppid,
} from "../posix/processes.ts";
import { resetSignals, Signal } from "../posix/signals.ts";
import { accept, boundAddress, close, isSocket } from "../posix/sockets.ts";
import { type Conversation, Requests, WARM_UP, warmUp } from "../service.ts";

const flags = {
  port: portFlag,
  channel: {
    kind: "integer",
    value: "FD",
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: "in place of a port: an inherited Unix socket over which connections are passed",
  },
  ...serverFlags,
  place: {
    kind: "integer",
    value: "N",
    default: 0,
    min: 0,
    max: 1023,
    help: "used by slaunch: count in this slot of the meter it shares",
  },
} as const;

const command: Command<typeof flags> = {
  name: "sserver",
  operands: "",
  description: "Serve many clients at once until SIGINT (^C) or SIGTERM.",
  flags,
};

/** Descriptors that a Deno process has open by itself, generously. */
const OWN_DESCRIPTORS = 64;

function sserver({ operands, flags, given }: Parsed<typeof command.flags>): number {
  if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
  if (given.has("port") && given.has("channel")) {
    throw new UsageError("Cannot serve both a port and a channel: write --port or --channel");
  }
  const { port, channel, idle, echo, verbose, place } = flags;
  const isLaunched = given.has("place");
  if (isLaunched) resetSignals();
  else dieWithParent(getppid(), Signal.TERM);
  const cpu = currentProcessor();
  if (verbose) say(dialog.starting(cpu));
  if (isLaunched && verbose) close(Inherited.starting);
  const converse = echo ? () => new Echo() : () => new Requests();
  const source = given.has("channel") ? channelSource(channel) : portSource(port);
  // A client that waits already is not to wait for the rehearsal as well.
  if (isLaunched && !new Poller([source.descriptor]).wait(0)) rehearse(converse);
  const observer = counting(isLaunched ? takePlace(place) : new Slot());
  const isIdle = multiplex({
    source,
    observer: verbose ? new Transcript(cpu, observer) : observer,
    converse,
    idleSeconds: idle,
    mostClients: Math.max(1, descriptorLimit() - OWN_DESCRIPTORS),
  });
  if (verbose && isIdle) say(dialog.idle(cpu, idle));
  return Exit.fine;
}

/** Connections that a launcher passes. @throws {UsageError} for a descriptor that is no socket. */
function channelSource(channel: number): Source {
  if (!isSocket(channel)) {
    throw new UsageError(
      `Cannot take connections from --channel ${channel}: it is no socket that this program inherits`,
    );
  }
  return { descriptor: channel, take: () => receiveDescriptor(channel) };
}

/** Connections to a port of its own. */
function portSource(port: number): Source {
  const listener = listenOn(port);
  const bound = boundAddress(listener);
  printLine(`ready: sserver on ${bound.host}:${bound.port} (process ${getpid()}; ^C ends it)`);
  return { descriptor: listener, take: () => accept(listener) };
}

/** Counts in a slot of the meter. */
function counting(slot: Slot): Observer {
  return {
    opened: () => slot.open(),
    received: () => {},
    closed: (_, refused) => slot.close(refused),
  };
}

/** Takes a place among those that share the meter; its slot is the result. */
function takePlace(place: number): Slot {
  const slot = openSlot(Inherited.memory, place);
  close(Inherited.memory);
  enter(slot);
  announce(place, Inherited.status);
  close(Inherited.status);
  return slot;
}

/** Serves as it will serve, for V8 to compile it. */
function rehearse(converse: () => Conversation): void {
  const observer = counting(new Slot());
  warmUp(WARM_UP, (client) => {
    const waiting = [client];
    // The client has asked and closed, so that it is readable to the end.
    const source = { descriptor: client, take: () => waiting.pop() ?? -1 };
    multiplex({ source, observer, converse, idleSeconds: 0, mostClients: 1 });
  });
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, sserver));
