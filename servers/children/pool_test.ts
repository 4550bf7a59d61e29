import { assertEquals } from "@std/assert";
import { findDesign, loadListing } from "../designs.ts";
import type { Member } from "../design.ts";
import { pipe, receiveDescriptor, sendDescriptor } from "../posix/descriptors.ts";
import { fork } from "../posix/fork.ts";
import { close, read, write } from "../posix/io.ts";
import { kill, wait, waitForExit } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { socketPair } from "../posix/sockets.ts";
import { service } from "../service/bytes.ts";
import { inChild, waitToBeKilled } from "../testing/fork.ts";
import { Pool, type SocketPair } from "./pool.ts";
import { makeSetup, type Setup } from "./setup.ts";
import { parseStatuses, STATUS_BYTES } from "./status.ts";

const PATIENCE_MS = 5000;

const design = findDesign("slaunch")!;
const listing = await loadListing(design);

/** A pool of one child to which connections are passed in turn. */
interface TestPool {
  readonly pool: Pool;
  readonly member: Member;
  /** The events reported since the last call. */
  newEvents(): string[];
}

/** Tests a pool, whose children do one of these each, in a process of its own. */
function withPool(
  children: ((sockets: SocketPair) => number | void)[],
  test: (pool: TestPool) => void,
): void {
  const [events, status] = pipe();
  const { code } = inChild(() => {
    const launch = { processors: [7], idleSeconds: 0, echo: false, verbose: false };
    const setup: Setup = makeSetup({ design, listing, service }, { children: 1, status, launch });
    const pool = new Pool(setup, {
      start: (_, sockets) => {
        const child = children.shift()!;
        return fork(() => child(sockets));
      },
      startFor: () => 0,
    });
    const bytes = new Uint8Array(10 * STATUS_BYTES);
    const newEvents = () => parseStatuses(bytes, read(events, bytes)).map(({ kind }) => kind);
    const [member] = pool.fill();
    test({ pool, member: member!, newEvents });
    return 42;
  });
  close(events);
  close(status);
  assertEquals(code, 42);
}

const ends = () => 0;

/** Answers the first client with a byte. */
const answers = ({ childEnd }: SocketPair) => {
  write(receiveDescriptor(childEnd), new Uint8Array(1), 1);
};

Deno.test("Pool leaves a child alone that ended by itself, until it is started again", () => {
  withPool([ends, answers], ({ pool, member, newEvents }) => {
    const { pid } = member;
    waitForExit(pid, PATIENCE_MS);
    pool.collect();
    assertEquals([member.pid, member.processor], [0, 7]);
    assertEquals(newEvents(), ["ended"]);
    pool.collect();
    assertEquals(member.pid, 0);
    pool.restart(member);
    assertEquals(member.pid !== 0 && member.pid !== pid, true);
    const [client, theirs] = socketPair();
    sendDescriptor(member.socket, theirs);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});

Deno.test("Pool starts a child again that ended by itself while a connection was on its way", () => {
  withPool([ends, answers], ({ pool, member, newEvents }) => {
    const { pid } = member;
    waitForExit(pid, PATIENCE_MS);
    const [client, theirs] = socketPair();
    sendDescriptor(member.socket, theirs);
    close(theirs);
    pool.collect();
    assertEquals(newEvents(), ["ended"]);
    assertEquals(member.pid !== 0 && member.pid !== pid, true);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});

Deno.test("Pool replaces a child that died, and keeps what was on its way", () => {
  withPool([waitToBeKilled, answers], ({ pool, member, newEvents }) => {
    const [client, theirs] = socketPair();
    sendDescriptor(member.socket, theirs);
    kill(member.pid, Signal.KILL);
    waitForExit(member.pid, PATIENCE_MS);
    pool.collect();
    assertEquals(newEvents(), ["lost"]);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});
