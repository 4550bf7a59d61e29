/**
 * A pool of children to which the parent passes each connection (UNP §30.9, row 5).
 *
 * Only the parent accepts, so nothing needs a lock; but it must know which child is free, and each client
 * costs two messages. It picks the lowest-numbered free child, so that the first ones serve most clients
 * and the last ones hardly any: Table 30.2 shows it.
 *
 * @module
 */
import type { Child, Member, Server } from "../design.ts";
import {
  notify,
  Poller,
  receiveDescriptor,
  sendDescriptor,
  waitForNotification,
} from "../posix/descriptors.ts";
import { accept, close } from "../posix/sockets.ts";

/** Accepts, and passes each connection to the first free child. */
export function parent({ listener, children }: Server): never {
  const pool = children.fill();
  const poller = new Poller([...pool.map(({ channel }) => channel), listener]);
  let free = pool.length;
  for (;;) {
    // While no child is free, clients wait in the backlog.
    poller.set(pool.length, free > 0 ? listener : -1);
    poller.wait();
    if (poller.isReady(pool.length)) {
      give(accept(listener));
      free--;
    }
    for (const member of pool) {
      if (!poller.isReady(member.index)) continue;
      if (!waitForNotification(member.channel)) renew(member);
      if (member.busy) free++;
      member.busy = false;
    }
  }

  function give(connection: number): void {
    const member = pool.find(({ busy }) => !busy)!;
    // Counted first: whoever looks from outside never sees a child with more than it was given.
    member.count++;
    if (sendDescriptor(member.channel, connection)) {
      member.busy = true;
      close(connection);
    } else {
      member.count--;
      renew(member);
      give(connection);
    }
  }

  function renew(member: Member): void {
    children.replace(member);
    poller.set(member.index, member.channel);
  }
}

/** Serves what it is given, and says when it is free again. */
export function child({ channel, serve }: Child): void {
  for (;;) {
    const connection = receiveDescriptor(channel);
    if (connection === -1) return;
    serve(connection);
    notify(channel);
  }
}
