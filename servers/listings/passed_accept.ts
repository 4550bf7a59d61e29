/**
 * A pool of children to which the parent passes each connection (UNP §30.9, row 5).
 *
 * Only the parent accepts, so no lock is needed; but it must know which children are free, and each client
 * costs two messages. By default it picks the free child with the lowest index, so the first children serve
 * most clients and the last ones almost none (Table 30.2); in turn, or by their counts, all get the same.
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
import { RETRY_MS } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and passes each connection to a free child. */
export function parent({ listener, children, choose }: ParentContext): never {
  const pool = children.fill();
  const poller = new Poller([...pool.map(({ socket }) => socket), listener]);
  // Children that died and could not be replaced, for lack of processes. The others serve on.
  const missing = new Set<Member>();
  let [free, connection] = [pool.length, -1];
  for (;;) {
    // While no child is free, clients wait in the backlog.
    poller.set(pool.length, free > 0 ? listener : -1);
    poller.wait(missing.size > 0 ? RETRY_MS : -1);
    if (poller.isReady(pool.length)) connection = accept(listener);
    while (connection !== -1 && free > 0) if (give(connection)) connection = -1;
    for (const member of pool) {
      if (!poller.isReady(member.index)) continue;
      if (waitForNotification(member.socket)) release(member);
      else renew(member);
    }
    if (missing.size > 0) [...missing].forEach(renew);
  }

  /** Passes the connection to a free child; false if that has died. */
  function give(connection: number): boolean {
    const member = choose(pool);
    // Counted first, so that no child ever shows more connections than it was given.
    member.count++;
    member.busy = true;
    free--;
    const given = sendDescriptor(member.socket, connection);
    if (given) {
      close(connection);
    } else {
      member.count--;
      renew(member);
    }
    return given;
  }

  function release(member: Member): void {
    if (member.busy) free++;
    member.busy = false;
  }

  function renew(member: Member): void {
    if (!member.busy) free--;
    member.busy = true;
    missing.delete(member);
    if (children.replace(member)) release(member);
    else missing.add(member);
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
