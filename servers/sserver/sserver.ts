/**
 * The program `sserver` of the Open System Services Programmer's Guide: a static server for many concurrent
 * clients. `slaunch` starts one on each processor and passes connections to it; started by itself, it
 * listens on a port.
 *
 * @module
 */
import { dialog, say } from "../children/dialog.ts";
import { Inherited, type SserverOptions } from "../children/launch.ts";
import { Slot } from "../children/meter.ts";
import { announce, enter, openSlot } from "../children/setup.ts";
import type { Counter, Sessions } from "../sessions.ts";
import { UsageError } from "../errors.ts";
import { Clients } from "../events/clients.ts";
import { EpollPoller } from "../events/pollers.ts";
import { boundAddress } from "../posix/addresses.ts";
import { doNotBlock, Poller, tryReceiveDescriptor } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { currentProcessor, getpid } from "../posix/processes.ts";
import { resetSignals } from "../posix/signals.ts";
import { acceptReady, isSocket, isStream, socketPair } from "../posix/sockets.ts";
import { WARM_UP } from "../service/bytes.ts";
import { EchoSession } from "../service/echo.ts";
import { requestTimesOf, shortened } from "../service/request_times.ts";
import type { Service } from "../service/service.ts";
import { services } from "../service/services.ts";
import { warmUp } from "../service/warm_up.ts";
import { listenOn } from "../transports/port.ts";
import { addressText } from "../transports/transport.ts";
import { type ConnectionSource, multiplex } from "./multiplex.ts";
import { Transcript } from "./transcript.ts";

/** What a service for many clients at once needs. */
type ManyService = Pick<Service, "startSession" | "examples">;

const echoing: ManyService = { startSession: () => new EchoSession(), examples: ["4000\n"] };

/** The launcher closes its descriptor of a connection a little later. */
const newPoller = () => new EpollPoller(true);

/**
 * Serves until its source of connections ends, or for `idleSeconds` without a client.
 *
 * @throws {UsageError} if the port is in use, or the inherited descriptor is not a socket.
 */
export async function sserver(options: SserverOptions): Promise<void> {
  const { idleSeconds, echo, verbose, slot } = options;
  const service = echo ? echoing : await services[options.service]();
  const isLaunched = slot !== null;
  const cpu = currentProcessor();
  if (verbose) say(dialog.starting(cpu));
  if (isLaunched && verbose) close(Inherited.starting);
  const source = "channel" in options.source
    ? channelSource(options.source.channel)
    : portSource(options.source.port);
  // A client that is waiting already must not wait for the warm-up, too.
  if (isLaunched && !new Poller([source.descriptor]).wait(0)) warmUpMultiplex(service, options);
  const counter = isLaunched ? enterSlot(slot) : new Slot();
  using poller = newPoller();
  const sessions = sessionsOf(service, counter, options);
  const clients = new Clients(poller, sessions, verbose ? new Transcript(cpu) : undefined);
  const isIdle = multiplex({ source, clients, poller, idleSeconds });
  if (verbose && isIdle) say(dialog.idle(cpu, idleSeconds));
}

/** Connections passed by a launcher. @throws {UsageError} if the descriptor is not a socket. */
function channelSource(channel: number): ConnectionSource {
  if (!isSocket(channel)) {
    throw new UsageError(
      `Cannot receive connections from descriptor ${channel}: it is not an inherited socket`,
      { option: "channel" },
    );
  }
  doNotBlock(channel);
  return {
    descriptor: channel,
    next() {
      const passed = tryReceiveDescriptor(channel);
      if (passed === undefined || passed === -1 || isStream(passed)) return passed;
      close(passed);
    },
  };
}

/** Connections to a port. */
function portSource(port: number): ConnectionSource {
  const listener = listenOn(port);
  say(`ready: sserver on ${addressText(boundAddress(listener))} (process ${getpid()}; ^C ends it)`);
  doNotBlock(listener);
  return {
    descriptor: listener,
    next() {
      const connection = acceptReady(listener);
      return connection === -1 ? undefined : connection;
    },
  };
}

/** Sessions of clients that are counted there. */
function sessionsOf(
  { startSession }: ManyService,
  counter: Counter,
  { serviceTime, requestTimeoutSeconds, slot }: SserverOptions,
): Sessions {
  const times = requestTimesOf(serviceTime, slot ?? 0);
  const limitMs = 1000 * requestTimeoutSeconds;
  return { start: startSession, counter, endsIdle: false, limitMs, times };
}

/** Enters its slot of the meter, which it shares with the launcher. */
function enterSlot(index: number): Slot {
  const slot = openSlot(Inherited.memory, index);
  close(Inherited.memory);
  enter(slot);
  announce(index, Inherited.status);
  close(Inherited.status);
  return slot;
}

/** Runs the loop on socket pairs, for V8 to compile it. */
function warmUpMultiplex(service: ManyService, options: SserverOptions): void {
  using poller = newPoller();
  const serviceTime = shortened(options.serviceTime);
  const sessions = sessionsOf(service, new Slot(), { ...options, serviceTime });
  const clients = new Clients(poller, sessions);
  // At its end of file, so it is readable.
  const [ended, descriptor] = socketPair();
  close(ended);
  warmUp(WARM_UP, service.examples, (client) => {
    const waiting = [client];
    const source = { descriptor, next: () => waiting.pop() ?? -1 };
    multiplex({ source, clients, poller, idleSeconds: 0 });
  });
  close(descriptor);
}

if (import.meta.main) {
  resetSignals();
  await sserver(JSON.parse(Deno.args[0]!));
  Deno.exit();
}
