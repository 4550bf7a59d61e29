/**
 * Event loop: one process that serves many clients at once (UNP §6.3 and §16.2). It waits until any descriptor is
 * ready, by poll(2) or epoll(7), and does for each what is possible without blocking.
 *
 * Like the iterative server it controls no processes, and a slow client delays nobody, so a connection that is open
 * costs memory for its state and no process. But a connection takes more system calls, since each is preceded by a
 * wait; one processor does all the work; and whatever computes delays everyone. poll gets all descriptors with each
 * call: its cost grows with the clients that are connected, epoll's with those that are active.
 *
 * @module
 */
import type { ParentContext } from "../design.ts";
import { Clients, NOTHING } from "../events/clients.ts";
import { pollers } from "../events/pollers.ts";
import { doNotBlock, READABLE } from "../posix/descriptors.ts";
import { acceptReady } from "../posix/sockets.ts";

/** Connections that are accepted in one turn, so that those who are served wait no longer. */
const MOST_AT_ONCE = 64;

/** Serves all clients. */
export function parent(
  { listener, polls, sessions }: Pick<ParentContext, "listener" | "polls" | "sessions">,
): void {
  doNotBlock(listener);
  using poller = pollers[polls]();
  const clients = new Clients(poller, sessions);
  do {
    poller.watch(listener, clients.areFull ? NOTHING : READABLE);
    const count = poller.wait(clients.timeout);
    for (let i = 0; i < count; i++) {
      const descriptor = poller.ready(i);
      if (descriptor === listener) acceptAll(listener, clients);
      else clients.progress(descriptor);
    }
    clients.resume();
  } while (clients.open > 0 || !sessions.endsIdle);
}

/** Accepts the connections that wait. */
function acceptAll(listener: number, clients: Clients): void {
  for (let left = MOST_AT_ONCE; left > 0 && !clients.areFull; left--) {
    const connection = acceptReady(listener);
    if (connection === -1) return;
    clients.add(connection);
  }
}
