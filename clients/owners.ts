/**
 * A load that looks up, from outside, which process has the server's end of each of its connections. Each request
 * is sent but for its last byte, so that its server has accepted the connection and waits; then the kernel is asked
 * for the other end, and the processes of the server for who holds it. Nothing of this is fast, or measured.
 *
 * @module
 */
import type { Listening } from "../servers/host/protocol.ts";
import { processCpu, sleep, usage } from "../servers/posix/clocks.ts";
import { Poller } from "../servers/posix/descriptors.ts";
import { Errno } from "../servers/posix/errors.ts";
import { childrenOf } from "../servers/posix/files.ts";
import { ProcessSockets } from "../servers/posix/process_sockets.ts";
import { PeerInodes } from "../servers/posix/inet_diagnostics.ts";
import { close, write } from "../servers/posix/io.ts";
import { getpid } from "../servers/posix/processes.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import { errorNumberOf, INCOMPLETE, type Replies } from "../servers/transports/transport.ts";
import { transports } from "../servers/transports/transports.ts";
import { ClientResults, type Clients, now } from "./client.ts";
import type { LoadOptions } from "./protocol.ts";

/** Pause before the kernel is asked again. */
const PAUSE_MS = 1;

/** A process with children may pass a connection on to one of them within this time. */
const PASSING_MS = 50;

/** One that did not so often in a row does not pass connections. */
const KEPT = 20;

/**
 * The clients of such a load, all of them this process.
 *
 * @param below The process whose descendants are the server.
 */
export async function ownedClients(
  options: LoadOptions,
  server: Listening,
  below: number,
): Promise<Clients> {
  const transport = await transports[options.transport]();
  const address = { ...server, path: server.path ?? undefined };
  const { clients, connections, timeoutSeconds } = options;
  const total = clients * connections!;
  const open = Math.min(clients, total);
  const client = transport.client(address, options, socketTimeout(timeoutSeconds));
  const { replies } = transport.nonblockingClient!(address, options, [], open);
  const load = new OwnedLoad(client.open, replies, below, options);
  return { making: "fork", run: () => [load.run(open, total)], workers: () => load.workers };
}

class OwnedLoad {
  /** Connections by the process that had them, as text. */
  readonly workers: Map<string, number> = new Map();
  readonly #results = new ClientResults();
  readonly #owners: Owners;
  readonly #sockets: number[] = [];
  readonly #limitMilliseconds: number;

  constructor(
    readonly open: () => number,
    readonly replies: Replies,
    below: number,
    { limitSeconds, timeoutSeconds }: Pick<LoadOptions, "limitSeconds" | "timeoutSeconds">,
  ) {
    this.#owners = new Owners(below, 1000 * timeoutSeconds);
    this.#limitMilliseconds = limitSeconds === 0 ? Infinity : 1000 * limitSeconds;
  }

  /** Makes connections, so many of them open at a time: the one that was made first ends first. */
  run(open: number, total: number): ClientResults {
    const cpu = () => processCpu(getpid())!;
    const end = now() + this.#limitMilliseconds;
    this.#results.start(now(), cpu(), usage("process"));
    for (let made = 0, ended = 0; ended < total && now() < end; ended++) {
      for (; made < total && made - ended < open; made++) this.#begin(made % open);
      this.#end(ended % open);
    }
    this.#results.finish(now(), cpu(), usage("process"));
    return this.#results;
  }

  #begin(index: number): void {
    const { message } = this.replies;
    this.#sockets[index] = -1;
    try {
      this.#sockets[index] = this.open();
      write(this.#sockets[index]!, message, message.length - 1);
      this.replies.expect(index);
    } catch (error) {
      this.#fail(index, errorNumberOf(error));
    }
  }

  #end(index: number): void {
    const socket = this.#sockets[index]!;
    if (socket === -1) return;
    const began = now();
    try {
      const owner = this.#owners.of(socket);
      const last = this.replies.message.slice(-1);
      write(socket, last, last.length);
      const failure = this.#receive(index, socket);
      if (failure !== 0) return this.#fail(index, failure);
      this.#results.answer(began, now());
      this.#results.succeed();
      if (owner !== undefined) {
        this.workers.set(String(owner), (this.workers.get(String(owner)) ?? 0) + 1);
      }
      close(socket);
    } catch (error) {
      this.#fail(index, errorNumberOf(error));
    }
  }

  #receive(index: number, socket: number): number {
    const poller = new Poller([socket]);
    for (;;) {
      if (!poller.wait(this.#owners.timeoutMilliseconds)) return Errno.EAGAIN;
      const result = this.replies.receive(index, socket);
      if (result !== INCOMPLETE) return result;
    }
  }

  #fail(index: number, kind: number): void {
    this.#results.fail(kind, this.replies.wrongReply(index));
    if (this.#sockets[index] !== -1) close(this.#sockets[index]!);
    this.#sockets[index] = -1;
  }
}

/** Finds who has the server's end of a connection. */
class Owners {
  readonly #peers = new PeerInodes();
  #holders: ProcessSockets;
  /** How often in a row a process with children has kept a connection. */
  readonly #kept = new Map<number, number>();

  constructor(readonly below: number, readonly timeoutMilliseconds: number) {
    this.#holders = ProcessSockets.below(below);
  }

  /** The process; undefined: nobody was found. @throws {SystemError} if the server is on another machine. */
  of(socket: number): number | undefined {
    const late = now() + this.timeoutMilliseconds;
    for (; now() < late; sleep(PAUSE_MS)) {
      const inode = this.#peers.of(socket);
      const holder = inode === undefined ? undefined : this.#holderOf(inode);
      if (holder !== undefined) return this.#passedOn(inode!, holder);
    }
  }

  /** Of several the last one forked: a parent may have left it open. */
  #holderOf(inode: number): number | undefined {
    if (this.#holders.of(inode).length === 0) this.#look();
    return this.#holders.of(inode).at(-1);
  }

  #look(): void {
    this.#holders = ProcessSockets.below(this.below);
  }

  /** Who has it in the end. */
  #passedOn(inode: number, first: number): number {
    const kept = this.#kept.get(first) ?? 0;
    if (kept >= KEPT || childrenOf(first).length === 0) return first;
    for (const late = now() + PASSING_MS; now() < late; sleep(PAUSE_MS)) {
      this.#look();
      const holder = this.#holders.of(inode).at(-1) ?? first;
      if (holder === first) continue;
      this.#kept.set(first, 0);
      return holder;
    }
    this.#kept.set(first, kept + 1);
    return first;
  }
}
