/**
 * A launcher that starts one server on each processor and passes connections to them in turn (slaunch1 of
 * the Open System Services Programmer's Guide).
 *
 * Unlike `passed_accept.ts`, it does not track which children are free: each server serves many clients at
 * once, so any of them will do and no message comes back. Connections are shared evenly, to within one,
 * however long they take.
 *
 * The guide finds the next server with `(cpumask >> (15-cpuindex)) & 1 == 0`. In C `==` binds tighter than
 * `&`, so this is `… & 0`, never true: the guide's mask has no effect. Here it has.
 *
 * @module
 */
import type { Member, ParentContext } from "../design.ts";
import { Poller, trySendDescriptor, WRITABLE } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { readSignal, Signal, signalDescriptor } from "../posix/signals.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and passes the connections to the servers in turn. */
export function parent({ listener, children }: ParentContext): never {
  const deaths = signalDescriptor(Signal.CHLD);
  const pool = children.fill();
  const servers = new Map(pool.map((member) => [member.processor, member]));
  // The processors whose server is running and has room in its queue.
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

  /** The next available server. One that has ended by itself is restarted when its turn comes. */
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

  /** Passes the connection to a server; false if its queue is full. */
  function pass(member: Member): boolean {
    // Counted first, so that no child ever shows more connections than it was given.
    member.count++;
    const passed = trySendDescriptor(member.socket, connection);
    if (passed) close(connection);
    else suspend(member);
    return passed;
  }

  function suspend(member: Member): void {
    member.count--;
    mask.delete(member.processor);
    poller.set(member.index, member.socket, WRITABLE);
    full++;
  }

  function resume(member: Member): void {
    mask.add(member.processor);
    poller.set(member.index, -1);
    full--;
  }
}
