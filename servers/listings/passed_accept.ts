/**
 * A pool of children to which the parent passes each connection (UNP §30.9, row 5).
 *
 * Only the parent accepts, so no lock is needed; but it must know which children are free, and each client
 * costs two messages. It picks the free child with the lowest index, so the first children serve most
 * clients and the last ones almost none (Table 30.2).
 *
 * @module
 */
import type { ChildContext, Member, ParentContext } from "../design.ts";
import {
  notify,
  Poller,
  receiveDescriptor,
  sendDescriptor,
  waitForNotification,
} from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and passes each connection to the first free child. */
export function parent({ listener, children }: ParentContext): never {
  const pool = children.fill();
  const poller = new Poller([...pool.map(({ socket }) => socket), listener]);
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
      if (!waitForNotification(member.socket)) renew(member);
      if (member.busy) free++;
      member.busy = false;
    }
  }

  function give(connection: number): void {
    const member = pool.find(({ busy }) => !busy)!;
    // Counted first, so that no child ever shows more connections than it was given.
    member.count++;
    if (sendDescriptor(member.socket, connection)) {
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
    poller.set(member.index, member.socket);
  }
}

/** Serves each connection it receives, and reports when it is free again. */
export function child({ socket, serve }: ChildContext): void {
  for (;;) {
    const connection = receiveDescriptor(socket);
    if (connection === -1) return;
    serve(connection);
    notify(socket);
  }
}
