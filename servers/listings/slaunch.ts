/**
 * A launcher with one server on each processor, to which it deals the connections round (slaunch1 of the
 * Open System Services Programmer's Guide).
 *
 * It does not keep track of who is free, as its neighbour `passed_accept.ts` does: each server serves many
 * clients at once, so every one is as good as the next, and no message comes back. Every server gets its
 * even share, to within one connection, however long they take.
 *
 * The guide looks for the next server with `(cpumask >> (15-cpuindex)) & 1 == 0`. In C `==` binds tighter
 * than `&`, so that this is `… & 0`, never true, and its mask is never asked. Here it is.
 *
 * @module
 */
import type { Member, Server } from "../design.ts";
import { Poller, trySendDescriptor, WRITABLE } from "../posix/descriptors.ts";
import { readSignal, Signal, signalDescriptor } from "../posix/signals.ts";
import { accept, close } from "../posix/sockets.ts";

/** Accepts, and deals the connections round. */
export function parent({ listener, children }: Server): never {
  const deaths = signalDescriptor(Signal.CHLD);
  const pool = children.fill();
  const servers = new Map(pool.map((member) => [member.processor, member]));
  // The processors whose server is there and has room in its queue.
  const mask = new Set(servers.keys());
  const processors = Math.max(...mask) + 1;
  const [LISTENER, DEATHS] = [pool.length, pool.length + 1];
  const poller = new Poller([...pool.map(() => -1), listener, deaths]);
  let [cpu, full, connection] = [0, 0, -1];
  for (;;) {
    // While every queue is full, clients wait in the backlog.
    poller.set(LISTENER, full < pool.length ? listener : -1);
    poller.wait();
    if (poller.isReady(DEATHS)) {
      readSignal(deaths);
      for (const { processor } of children.collect()) mask.delete(processor);
    }
    for (const member of pool) if (poller.isReady(member.index)) resume(member);
    if (connection === -1 && poller.isReady(LISTENER)) connection = accept(listener);
    while (connection !== -1 && full < pool.length) if (pass(next())) connection = -1;
  }

  /** The next available server. One that has ended by itself is started again when its turn comes. */
  function next(): Member {
    do {
      cpu = ++cpu === processors ? 0 : cpu;
      if (servers.get(cpu)?.pid === 0) restart(cpu);
    } while (!mask.has(cpu));
    return servers.get(cpu)!;
  }

  function restart(processor: number): void {
    children.restart(servers.get(processor)!);
    mask.add(processor);
  }

  /** Passes the connection to a server; false where there is no room in its queue. */
  function pass(member: Member): boolean {
    // Counted first: whoever looks from outside never sees a child with more than it was given.
    member.count++;
    const passed = trySendDescriptor(member.channel, connection);
    if (passed) close(connection);
    else suspend(member);
    return passed;
  }

  function suspend(member: Member): void {
    member.count--;
    mask.delete(member.processor);
    poller.set(member.index, member.channel, WRITABLE);
    full++;
  }

  function resume(member: Member): void {
    mask.add(member.processor);
    poller.set(member.index, -1);
    full--;
  }
}
