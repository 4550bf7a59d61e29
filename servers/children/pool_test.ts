import { assertEquals } from "@std/assert";
import { findDesign, loadListing } from "../designs.ts";
import type { Member } from "../design.ts";
import { receiveDescriptor, sendDescriptor } from "../posix/descriptors.ts";
import { kill, wait, waitForExit } from "../posix/processes.ts";
import { fork } from "../posix/fork.ts";
import { Signal } from "../posix/signals.ts";
import { close, pipe, read, socketPair, write } from "../posix/sockets.ts";
import { inChild, sleep } from "../testing.ts";
import { type Channel, Pool } from "./pool.ts";
import { makeSetup, type Setup } from "./setup.ts";
import { STATUS_BYTES, statuses } from "./status.ts";

const PATIENCE_MS = 5000;

const design = findDesign("slaunch")!;
const listing = await loadListing(design);

/** A pool of one child to which connections are dealt, which does as it is told. */
interface Scene {
  readonly pool: Pool;
  readonly member: Member;
  /** What has been told of it since the last look. */
  news(): string[];
}

/** Plays a scene with a child that does one after the other, in a process of its own. */
function play(
  children: ((channel: Channel) => number | void)[],
  scene: (scene: Scene) => void,
): void {
  const [told, status] = pipe();
  const { code } = inChild(() => {
    const launch = { processors: [7], idleSeconds: 0, echo: false, verbose: false };
    const setup: Setup = makeSetup(design, listing, { children: 1, status, launch });
    const pool = new Pool(setup, {
      start: (_, channel) => {
        const child = children.shift()!;
        return fork(() => child(channel));
      },
      startFor: () => 0,
    });
    const bytes = new Uint8Array(10 * STATUS_BYTES);
    const news = () => statuses(bytes, read(told, bytes)).map(({ kind }) => kind);
    const [member] = pool.fill();
    scene({ pool, member: member!, news });
    return 42;
  });
  close(told);
  close(status);
  assertEquals(code, 42);
}

const ends = () => 0;

/** Answers the first client with a byte. */
const answers = ({ childs }: Channel) => {
  write(receiveDescriptor(childs), new Uint8Array(1), 1);
};

Deno.test("Pool leaves a child alone that ended by itself, until it is started again", () => {
  play([ends, answers], ({ pool, member, news }) => {
    const { pid } = member;
    waitForExit(pid, PATIENCE_MS);
    assertEquals(pool.collect(), [member]);
    assertEquals([member.pid, member.processor], [0, 7]);
    assertEquals(news(), ["ended"]);
    assertEquals(pool.collect(), []);
    pool.restart(member);
    assertEquals(member.pid !== 0 && member.pid !== pid, true);
    const [client, theirs] = socketPair();
    sendDescriptor(member.channel, theirs);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});

Deno.test("Pool starts a child again that ended by itself while a connection was on its way", () => {
  play([ends, answers], ({ pool, member, news }) => {
    const { pid } = member;
    waitForExit(pid, PATIENCE_MS);
    const [client, theirs] = socketPair();
    sendDescriptor(member.channel, theirs);
    close(theirs);
    assertEquals(pool.collect(), []);
    assertEquals(news(), ["ended"]);
    assertEquals(member.pid !== 0 && member.pid !== pid, true);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});

Deno.test("Pool replaces a child that died, and keeps what was on its way", () => {
  play([sleep, answers], ({ pool, member, news }) => {
    const [client, theirs] = socketPair();
    sendDescriptor(member.channel, theirs);
    kill(member.pid, Signal.KILL);
    waitForExit(member.pid, PATIENCE_MS);
    assertEquals(pool.collect(), []);
    assertEquals(news(), ["lost"]);
    assertEquals(read(client, new Uint8Array(2)), 1);
    wait(member.pid);
  });
});
