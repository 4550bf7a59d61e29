/**
 * The command `channel-gateway`: connects the channels of this node with those of other nodes. Clients here
 * open `/net/NODE/…`; for each connection this gateway starts an agent on NODE by ssh, which connects to the
 * server there.
 *
 * One ssh for each connection, because ssh then does what a protocol of ours would have to do: connections that
 * do not block each other, and an end that reaches the other node. ControlMaster of ssh_config(5) makes them
 * share one login.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { shellWord } from "../cli/paths.ts";
import { programArguments } from "../../servers/children/v8_flags.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import { closeAllBut, Poller } from "../../servers/posix/descriptors.ts";
import { Errno, hasErrno, printError } from "../../servers/posix/errors.ts";
import { fork, forkAgain, requireFork } from "../../servers/posix/fork.ts";
import { close } from "../../servers/posix/io.ts";
import { peerCredentials } from "../../servers/posix/messages.ts";
import {
  dieWithParent,
  getpid,
  kill,
  reapOne,
  startProcessGroup,
  wait,
  waitAsync,
} from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { accept, listen, SocketType } from "../../servers/posix/sockets.ts";
import { isTrusted, pathAddress } from "../../servers/ipc/channel/addresses.ts";
import { nodePath } from "../../servers/ipc/channel/nodes.ts";
import { relayOut } from "../../servers/ipc/channel/relay.ts";

/** Maximum number of connections, each a process, an ssh and an agent. Further ones wait. */
const MOST_RELAYS = 250;

/** How often relays that ended are waited for, while there are relays. */
const REAP_MS = 1000;

/** No terminal, questions or forwarding. A node that cannot be reached any more is noticed within 30 s. */
const SSH_OPTIONS = [
  ...["-T", "-a", "-x", "-oBatchMode=yes", "-oClearAllForwardings=yes"],
  ...["-oConnectTimeout=10", "-oServerAliveInterval=10", "-oServerAliveCountMax=3"],
];

/** The agent's program, here and, by default, there. */
const AGENT = new URL("../../servers/ipc/channel/agent.ts", import.meta.url).href;

const flags = {
  ssh: {
    kind: "string",
    value: "COMMAND",
    help: "Run COMMAND, which may have options, in place of ssh",
  },
  "agent-command": {
    kind: "string",
    value: "COMMAND",
    help: "Start the agent there with COMMAND (default: Deno runs the program that is here)",
  },
  json: { kind: "boolean", help: "Print events as JSON lines" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "channel-gateway",
  operands: "NODE=[USER@]HOST …",
  description:
    "Connect this node's message channels with those of other nodes until SIGINT (^C) or SIGTERM.\n" +
    "Programs of this user reach the channels of USER on HOST under /net/NODE/…. For each connection\n" +
    "ssh starts an agent there, which needs Herd but no gateway. ssh must ask no question: use a key,\n" +
    "and connect once by hand, so that HOST is known. Nothing listens on a port.",
  examples: [
    ["Reach the channels of a host as /net/far", "far=user@192.0.2.2"],
    ["Give ssh options of its own", "far=192.0.2.2 --ssh 'ssh -p 2222 -i key'"],
    [
      "Herd is in another folder there than here",
      "far=192.0.2.2 --agent-command 'exec deno run --allow-ffi herd/servers/ipc/channel/agent.ts'",
    ],
  ],
  flags,
  exits: ["failed", "unsupported"],
  run: gateway,
});

async function gateway({ operands, flags }: Options): Promise<number> {
  const nodes = operands.map(parseNode);
  if (nodes.length === 0) throw new UsageError("Write a node to connect with: NODE=[USER@]HOST");
  endWithParent();
  requireFork();
  const agentCommand = flags["agent-command"] ??
    `exec ${["deno", ...programArguments(AGENT)].map(shellWord).join(" ")}`;
  const links = nodes.map(({ name, host }) => ({
    listener: listenFor(name),
    command: [`${flags.ssh ?? "ssh"} "$@"`, ...SSH_OPTIONS, host, agentCommand],
  }));
  const owner = getpid();
  const server = fork(() => {
    dieWithParent(owner, Signal.KILL);
    serve(links);
  });
  // What is sent to the group of this process, such as SIGTERM by a supervisor, is this one's alone to answer.
  startProcessGroup(server);
  const stopped = stopSignal();
  announce(nodes.map(({ name }) => name), flags.json);
  const ended = waitAsync();
  const first = await Promise.race([stopped, ended]);
  kill(server, Signal.KILL); // and with it its relays
  await ended;
  if (first === "stopped") return ExitCode.ok;
  throw new FailedError("The process that forks the relays was ended");
}

/** A node and where ssh finds it. */
interface Node {
  readonly name: string;
  readonly host: string;
}

function parseNode(text: string): Node {
  const [, name, host] = text.match(/^([\w.-]+)=([^-\s]\S*)$/) ?? [];
  if (name !== undefined && host !== undefined) return { name, host };
  throw new UsageError(`Cannot read "${text}" as a node: write NODE=[USER@]HOST`);
}

function listenFor(node: string): number {
  const path = nodePath(node);
  try {
    return listen(pathAddress(path, "listen"), `listen on ${path}`, SocketType.messages);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new UsageError(`Cannot listen on ${path}: a gateway of yours to that node is running`);
  }
}

function announce(names: readonly string[], json: boolean): void {
  if (json) return printEvent({ event: "ready", pid: Deno.pid, nodes: names });
  const ways = names.map((name) => `/net/${name}`).join(", ");
  printLine(`ready: channel-gateway to ${ways} (process ${Deno.pid}; ^C ends it)`);
}

/** Clients' listener for a node, and the command that leads to an agent there. */
interface Link {
  readonly listener: number;
  readonly command: readonly string[];
}

/** Forks a relay for each client. */
function serve(links: readonly Link[]): never {
  const listeners = links.map(({ listener }) => listener);
  closeAllBut(listeners);
  const poller = new Poller(listeners);
  const parent = getpid();
  for (let relays = 0;;) {
    poller.wait(relays > 0 ? REAP_MS : -1);
    while (reapOne()) relays--;
    for (const [i, { listener, command }] of links.entries()) {
      if (!poller.isReady(i)) continue;
      if (relays >= MOST_RELAYS && wait()) relays--;
      const client = accept(listener);
      if (isTrusted(peerCredentials(client)) && startRelay(client, command, listeners, parent)) {
        relays++;
      }
      close(client);
    }
  }
}

/** Forks a relay; false if the system permits no further process: the client is disconnected. */
function startRelay(
  client: number,
  command: readonly string[],
  listeners: readonly number[],
  parent: number,
): boolean {
  try {
    forkAgain(() => {
      dieWithParent(parent, Signal.KILL);
      listeners.forEach(close);
      relayOut(client, command);
    });
    return true;
  } catch (error) {
    printError((error as Error).message);
    return false;
  }
}
