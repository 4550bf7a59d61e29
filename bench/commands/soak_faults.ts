/**
 * What `soak` does to a server: clients that misbehave, and children killed from outside.
 *
 * @module
 */
import type { SocketAddress } from "../../servers/posix/addresses.ts";
import { SystemError } from "../../servers/posix/errors.ts";
import { childrenOf, hasExited } from "../../servers/posix/files.ts";
import { close, write } from "../../servers/posix/io.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import {
  connect,
  createSocket,
  resetOnClose,
  socketTimeout,
  type SocketType,
  tryWrite,
} from "../../servers/posix/sockets.ts";
import { REQUEST_LIMIT } from "../../servers/service/bytes.ts";

/** Where a server is. */
export interface Target {
  readonly address: SocketAddress;
  readonly type: SocketType;
}

/** How long a client stands still. */
const STILL_MS = 1000;
const TRICKLE_MS = 30;
const TIMEOUT = socketTimeout(5);

type Random = () => number;

/** Lets time pass. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function send(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  tryWrite(fd, bytes, bytes.length);
}

/** What a client does between connect and close. */
const misdeeds: readonly ((fd: number, random: Random) => Promise<void> | void)[] = [
  function reset(fd) {
    send(fd, "4000\n");
    resetOnClose(fd);
  },
  async function stall(fd) {
    send(fd, "40");
    await pause(STILL_MS);
  },
  async function leaveUnread(fd) {
    send(fd, `${REQUEST_LIMIT}\n`);
    await pause(STILL_MS);
  },
  async function trickle(fd) {
    for (const character of "4000\n") {
      send(fd, character);
      await pause(TRICKLE_MS);
    }
  },
  function sendGarbage(fd, random) {
    const bytes = Uint8Array.from({ length: 1 + 200 * random() }, () => 256 * random());
    write(fd, bytes, bytes.length);
  },
];

/** A client comes, misbehaves in one way or another, and leaves. That the server closes first is no error. */
export async function misbehave({ address, type }: Target, random: Random): Promise<void> {
  const misdeed = misdeeds[Math.floor(misdeeds.length * random())]!;
  const fd = createSocket(address, type, TIMEOUT);
  try {
    connect(fd, address);
    await misdeed(fd, random);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  } finally {
    close(fd);
  }
}

/** Kills one of the children that the server process of a host has forked; returns how many that were. */
export function killChild(host: number, random: Random): number {
  const children = childrenOf(host).flatMap(childrenOf).filter((pid) => !hasExited(pid));
  const victim = children[Math.floor(children.length * random())];
  if (victim === undefined) return 0;
  kill(victim, Signal.KILL);
  return 1;
}
