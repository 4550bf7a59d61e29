/**
 * The command `channel-gateway`: connects the channels of this node with those of other nodes. Clients here
 * open `/net/NODE/…`; this gateway connects to NODE's gateway over TCP, which connects to the server there.
 *
 * @module
 */
import { listenOn } from "../../servers/transports/port.ts";
import { addressText } from "../../servers/transports/transport.ts";
import { defineCommand } from "../cli/command.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { shellWord, userPath } from "../cli/paths.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import {
  boundAddress,
  internetAddresses,
  type SocketAddress,
} from "../../servers/posix/addresses.ts";
import { closeAllBut, Poller } from "../../servers/posix/descriptors.ts";
import { Errno, hasErrno } from "../../servers/posix/errors.ts";
import { fork, forkAgain, requireFork } from "../../servers/posix/fork.ts";
import { close } from "../../servers/posix/io.ts";
import {
  dieWithParent,
  getpid,
  kill,
  reapOne,
  wait,
  waitAsync,
} from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { accept, listen, SocketType } from "../../servers/posix/sockets.ts";
import { pathAddress } from "../../servers/ipc/channel/addresses.ts";
import { nodePath } from "../../servers/ipc/channel/nodes.ts";
import { relayIn, relayOut } from "../../servers/ipc/channel/relay.ts";
import { type Key, warmUpProofs } from "../../servers/ipc/channel/wire.ts";

const KEY_VARIABLE = "HERD_CHANNEL_KEY";

/** Minimum length of a key, so that it cannot be guessed. */
const KEY_BYTES = 16;

/** Maximum number of connections, each a process. Further ones wait. */
const MOST_RELAYS = 1000;

const flags = {
  host: {
    kind: "string",
    value: "HOST",
    help: "Listen on HOST for other nodes (default: 127.0.0.1, or ::1 without IPv4)",
  },
  port: {
    kind: "integer",
    value: "PORT",
    default: 0,
    min: 0,
    max: 65535,
    zero: "any free one",
    help: "Listen on PORT",
  },
  "key-file": {
    kind: "string",
    value: "FILE",
    help: `Read the key of all nodes, at least ${KEY_BYTES} bytes (default: $${KEY_VARIABLE})`,
  },
  json: { kind: "boolean", help: "Print events as JSON lines" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "channel-gateway",
  operands: "[NODE=HOST:PORT …]",
  description:
    "Connect this node's message channels with those of other nodes until SIGINT (^C) or SIGTERM.\n" +
    "Programs here reach NODE under /net/NODE/…; the gateway of NODE is at HOST:PORT. Anyone with\n" +
    "the key reaches every channel of this user. The traffic is not encrypted.",
  examples: [
    ["Let other nodes reach the channels here", "--host 192.0.2.1 --port 7000 --key-file key"],
    ["Reach the channels of the node far too", "far=192.0.2.2:7000 --key-file key"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  hints: { port: "write another, or --port 0 for a free one", host: "write another --host" },
  run: gateway,
});

async function gateway({ operands, flags }: Options): Promise<number> {
  const key = readKey(flags["key-file"]);
  const nodes = operands.map(parseNode);
  endWithParent();
  requireFork();
  warmUpProofs(key);
  const outside = listenOn(flags.port, flags.host);
  const inside = nodes.map(({ name, addresses }) => ({ listener: listenFor(name), addresses }));
  const owner = getpid();
  const server = fork(() => {
    dieWithParent(owner, Signal.KILL);
    serve(outside, inside, key);
  });
  const stopped = stopSignal();
  announce(boundAddress(outside), nodes, flags.json);
  const ended = waitAsync();
  const first = await Promise.race([stopped, ended]);
  kill(server, Signal.KILL); // and with it its relays
  await ended;
  if (first === "stopped") return ExitCode.ok;
  throw new FailedError("The process that forks the relays was ended");
}

/** The shared key: from a file no other user can read, or from the environment, never from an argument. */
function readKey(file: string | undefined): Key {
  const text = file === undefined ? Deno.env.get(KEY_VARIABLE) : readKeyFile(userPath(file));
  const key = new TextEncoder().encode((text ?? "").trim());
  if (key.length >= KEY_BYTES) return key;
  throw new UsageError(
    `Cannot use a key of ${key.length} bytes: write at least ${KEY_BYTES} into a file for ` +
      `--key-file, or into the environment as ${KEY_VARIABLE}`,
  );
}

function readKeyFile(path: string): string {
  try {
    const { mode } = Deno.statSync(path);
    if (mode === null || (mode & 0o077) === 0) return Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read the key file ${path}: ${(error as Error).message}`);
  }
  throw new UsageError(
    `Cannot use the key file ${path}: other users can read it; chmod 600 ${shellWord(path)}`,
  );
}

/** A node and the address of its gateway. */
interface Node {
  readonly name: string;
  readonly addresses: readonly SocketAddress[];
}

function parseNode(text: string): Node {
  const [, name, host, port] = text.match(/^([\w.-]+)=\[?(.+?)\]?:(\d{1,5})$/) ?? [];
  if (name === undefined || Number(port) > 65535) {
    throw new UsageError(`Cannot read "${text}" as a node: write NODE=HOST:PORT`);
  }
  return { name, addresses: internetAddresses(host!, Number(port)) };
}

/** Listens for programs here that connect to that node. */
function listenFor(name: string): number {
  const action = `listen on /net/${name}`;
  try {
    return listen(pathAddress(nodePath(name), "listen"), action, SocketType.messages);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new UsageError(`Cannot ${action}: a gateway of yours to that node is running`);
  }
}

function announce(
  { host, port }: { host: string; port: number },
  nodes: readonly Node[],
  json: boolean,
): void {
  const names = nodes.map(({ name }) => name);
  if (json) return printEvent({ event: "ready", pid: Deno.pid, host, port, nodes: names });
  const ways = names.length > 0 ? `, to ${names.map((name) => `/net/${name}`).join(", ")}` : "";
  const where = addressText({ host, port });
  printLine(`ready: channel-gateway on ${where}${ways} (process ${Deno.pid}; ^C ends it)`);
}

/** Forks a relay for each connection from outside or inside. */
function serve(
  outside: number,
  inside: readonly { listener: number; addresses: readonly SocketAddress[] }[],
  key: Key,
): never {
  const listeners = [outside, ...inside.map(({ listener }) => listener)];
  closeAllBut(listeners);
  const poller = new Poller(listeners);
  const parent = getpid();
  for (let relays = 0;;) {
    poller.wait();
    for (const [i, listener] of listeners.entries()) {
      if (!poller.isReady(i)) continue;
      while (reapOne()) relays--;
      if (relays >= MOST_RELAYS && wait()) relays--;
      const connection = accept(listener);
      relays++;
      forkAgain(() => {
        dieWithParent(parent, Signal.KILL);
        listeners.forEach(close);
        if (i === 0) relayIn(connection, key);
        else relayOut(connection, inside[i - 1]!.addresses, key);
      });
      close(connection);
    }
  }
}
