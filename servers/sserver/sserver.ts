/**
 * The program `sserver`: a static server that serves many clients at once (the program of that name in the
 * Open System Services Programmer's Guide). `slaunch` launches one on each processor and passes connections
 * to it; by itself it listens on a port of its own.
 *
 * @module
 */
import { dialog, say } from "../children/dialog.ts";
import { Inherited, type SserverOptions } from "../children/launch.ts";
import { Slot } from "../children/meter.ts";
import { announce, enter, openSlot } from "../children/setup.ts";
import { UsageError } from "../errors.ts";
import { Poller, receiveDescriptor } from "../posix/descriptors.ts";
import { currentProcessor, descriptorLimit, getpid } from "../posix/processes.ts";
import { resetSignals } from "../posix/signals.ts";
import { accept, boundAddress, close, isSocket } from "../posix/sockets.ts";
import { type Conversation, Requests, WARM_UP, warmUp } from "../service/bytes.ts";
import { Echo } from "../service/echo.ts";
import { listenOn } from "../transports/port.ts";
import { multiplex, type Observer, type Source } from "./multiplex.ts";
import { Transcript } from "./transcript.ts";

/** Descriptors that a Deno process has open by itself, generously. */
const OWN_DESCRIPTORS = 64;

/**
 * Serves until there are no more connections to come, or until it has been idle for long enough.
 *
 * @throws {UsageError} for a port in use, or a channel that is no socket.
 */
export function sserver(options: SserverOptions): void {
  const { idleSeconds, echo, verbose, slot } = options;
  const isLaunched = slot !== null;
  const cpu = currentProcessor();
  if (verbose) say(dialog.starting(cpu));
  if (isLaunched && verbose) close(Inherited.starting);
  const converse = echo ? () => new Echo() : () => new Requests();
  const source = "channel" in options.source
    ? channelSource(options.source.channel)
    : portSource(options.source.port);
  // A client that waits already is not to wait for the warm-up as well.
  if (isLaunched && !new Poller([source.descriptor]).wait(0)) warmUpMultiplex(converse);
  const observer = counting(isLaunched ? enterSlot(slot) : new Slot());
  const isIdle = multiplex({
    source,
    observer: verbose ? new Transcript(cpu, observer) : observer,
    converse,
    idleSeconds,
    maxClients: Math.max(1, descriptorLimit() - OWN_DESCRIPTORS),
  });
  if (verbose && isIdle) say(dialog.idle(cpu, idleSeconds));
}

/** Connections that a launcher passes. @throws {UsageError} for a descriptor that is no socket. */
function channelSource(channel: number): Source {
  if (!isSocket(channel)) {
    throw new UsageError(
      `Cannot take connections from descriptor ${channel}: it is no socket that this program inherits`,
      { option: "channel" },
    );
  }
  return { descriptor: channel, take: () => receiveDescriptor(channel) };
}

/** Connections to a port of its own. */
function portSource(port: number): Source {
  const listener = listenOn(port);
  const bound = boundAddress(listener);
  say(`ready: sserver on ${bound.host}:${bound.port} (process ${getpid()}; ^C ends it)`);
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

/** Enters a slot of the meter that it shares with the launcher. */
function enterSlot(index: number): Slot {
  const slot = openSlot(Inherited.memory, index);
  close(Inherited.memory);
  enter(slot);
  announce(index, Inherited.status);
  close(Inherited.status);
  return slot;
}

/** Serves as it will serve, for V8 to compile it. */
function warmUpMultiplex(converse: () => Conversation): void {
  const observer = counting(new Slot());
  warmUp(WARM_UP, (client) => {
    const waiting = [client];
    // The client has asked and closed, so that it is readable to the end.
    const source = { descriptor: client, take: () => waiting.pop() ?? -1 };
    multiplex({ source, observer, converse, idleSeconds: 0, maxClients: 1 });
  });
}

if (import.meta.main) {
  resetSignals();
  sserver(JSON.parse(Deno.args[0]!));
  Deno.exit();
}
