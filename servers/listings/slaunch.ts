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
import { RETRY_MS } from "../posix/errors.ts";
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
  const full = new Set<Member>();
  const processors = Math.max(...mask) + 1;
  const [LISTENER, DEATHS] = [pool.length, pool.length + 1];
  const poller = new Poller([...pool.map(() => -1), listener, deaths]);
  let [cpu, connection, isShort] = [0, -1, false];
  for (;;) {
    // While no server has room, clients wait in the backlog.
    poller.set(LISTENER, connection === -1 && full.size < pool.length ? listener : -1);
    // While a server that is needed cannot be started, for lack of processes, the others serve on.
    isShort ||= connection !== -1 && full.size < pool.length;
    if (!poller.wait(isShort ? RETRY_MS : -1) || poller.isReady(DEATHS)) collect();
    for (const member of pool) if (poller.isReady(member.index)) resume(member);
    if (connection === -1 && poller.isReady(LISTENER)) connection = accept(listener);
    if (connection !== -1) pass();
  }

  /** Collects the servers that have ended. */
  function collect(): void {
    if (poller.isReady(DEATHS)) readSignal(deaths);
    isShort = !children.collect();
    for (const member of pool) {
      if (member.pid === 0) mask.delete(member.processor);
      else if (!full.has(member)) mask.add(member.processor);
    }
  }

  /** The next available server, if there is one. One that is not running is started when its turn comes. */
  function next(): Member | undefined {
    for (let left = processors; left > 0; left--) {
      cpu = ++cpu === processors ? 0 : cpu;
      const member = servers.get(cpu);
      if (member?.pid === 0 && children.restart(member)) mask.add(cpu);
      if (mask.has(cpu)) return member;
    }
  }

  /** Passes the connection to the next server whose queue has room; it is kept while there is none. */
  function pass(): void {
    for (let member; connection !== -1 && (member = next());) {
      // Counted first, so that no child ever shows more connections than it was given.
      member.count++;
      if (trySendDescriptor(member.socket, connection)) {
        close(connection);
        connection = -1;
      } else suspend(member);
    }
  }

  function suspend(member: Member): void {
    member.count--;
    mask.delete(member.processor);
    full.add(member);
    poller.set(member.index, member.socket, WRITABLE);
  }

  function resume(member: Member): void {
    if (member.pid !== 0) mask.add(member.processor);
    full.delete(member);
    poller.set(member.index, -1);
  }
}
