/**
 * What is to be said of each design, for people: what it does, and why its figures are what they are. A
 * design without words here is described by its row of the registry.
 *
 * @module
 */

/** Words for one design. */
export interface Words {
  /** What it does, as a sentence or two. */
  readonly does: string;
  /** Why it costs what it costs, and why that may differ from the book. */
  readonly why: string;
}

const SPAWNED = "Each child is a Deno program of its own, started with posix_spawn, with nothing " +
  "inherited but the descriptors it needs.";
const SPAWNED_WHY =
  "A Deno program takes some 20 ms of CPU to start, which a pool pays once, before " +
  "the clients come. After that its children make the same system calls as forked ones.";

/** By id of the design. */
export const words: Readonly<Record<string, Words>> = {
  "iterative": {
    does:
      "One process accepts a client, serves it to its end, and accepts the next. It controls no " +
      "other process, so its CPU time is the baseline of all others.",
    why:
      "Nothing is cheaper, but a slow client holds up everyone behind it, and only one processor " +
      "ever works.",
  },
  "fork-per-client": {
    does:
      "The traditional Unix server: accept, fork, and the child serves its one client and exits.",
    why:
      "A fork copies the page tables of the process, and its end takes them apart again. A Deno " +
      "process has many more pages than the small C programs of the book, so the distance to the " +
      "pools is larger here.",
  },
  "prefork-shared-accept": {
    does:
      "Children are forked in advance, and all of them call accept on the one listening socket.",
    why:
      "On the systems of the book every sleeping child woke up for each client, the thundering " +
      "herd. Linux wakes one, in the order they came, so this is close to the baseline and the " +
      "clients spread evenly.",
  },
  "prefork-file-lock": {
    does:
      "Children forked in advance take turns: only the one that holds a record lock on a file " +
      "calls accept.",
    why: "System V needed the lock for accept to be correct, and it tamed the herd. Linux needs " +
      "neither: the row shows what two more system calls and a queue of sleepers cost.",
  },
  "prefork-mutex": {
    does: "Children forked in advance take turns, by a mutex in memory they share.",
    why:
      "An uncontended mutex never enters the kernel, and the children that wait for it sleep in " +
      "one queue. It is robust: a child killed while it holds the mutex does not stop the pool.",
  },
  "prefork-fd-passing": {
    does:
      "Only the parent accepts. It passes each connection over a Unix socket to the first child " +
      "that is free.",
    why:
      "Two messages a client, and a wake-up for each, make this the dearest of the pools, in the " +
      "book and here. The first free child in a list gets the client, so the first ones do nearly " +
      "all the work.",
  },
  "thread-per-client": {
    does: "The main thread accepts, and starts a thread for each client.",
    why:
      "In the book this beats every process. Here a thread that runs TypeScript is a Worker with " +
      "a JavaScript engine of its own, 10 to 50 ms of CPU, where a POSIX thread takes some 30 µs.",
  },
  "prethread-mutex": {
    does: "Threads are made in advance and take turns at accept, by a mutex.",
    why:
      "Once they run, threads make the same system calls as processes. On the older systems of the " +
      "book this was the fastest server of all.",
  },
  "prethread-main-accept": {
    does:
      "The main thread accepts, and puts each connection into a queue from which the threads of " +
      "a pool take them.",
    why: "Threads share descriptors, so nothing has to be passed; but each client wakes a thread " +
      "through a condition, which a pool that accepts by itself does not need.",
  },
  "prethread-shared-accept": {
    does: "Threads made in advance, all of which call accept.",
    why: "The mutex of its neighbour left out: what Linux does inside accept is enough.",
  },
  "subprocess-per-client": {
    does: `The parent accepts, and starts a child for each client. ${SPAWNED}`,
    why:
      "It shows what a fork spares: there, compiled code is inherited; here, each client pays for " +
      "the start of a whole engine.",
  },
  "prespawn-shared-accept": {
    does: `A pool whose children all call accept. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-file-lock": {
    does: `A pool whose children take turns at accept, by a record lock on a file. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-mutex": {
    does: `A pool whose children take turns at accept, by a mutex in memory they share. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-fd-passing": {
    does:
      "Only the parent accepts, and passes each connection over a Unix socket to the first child " +
      `that is free. ${SPAWNED}`,
    why: `${SPAWNED_WHY} Passing a descriptor costs what it does between forked processes.`,
  },
  "slaunch": {
    does: "A launcher with one server on each processor, another program, to which it deals the " +
      "connections round (Open System Services Programmer's Guide).",
    why:
      "Each server serves many clients at once, so the launcher need not know who is free, and " +
      "no message comes back: one of the two that descriptor passing costs is spared. Every server " +
      "gets its share to within one connection.",
  },
  "door": {
    does: "Clients do not write to it and read from it, they call it: the service is a procedure " +
      "behind a door, and an idle thread of its pool takes the next call (UNP volume 2, chapter 15).",
    why:
      "The thread that became idle last is woken first, so few threads do most of the work. Solaris " +
      "hands a call straight to a thread of the server; here doors are made of Unix sockets, and a " +
      "call costs a message each way and a wake-up.",
  },
  "channel": {
    does:
      "One process receives messages on a channel and replies to each: QNX Neutrino's message " +
      "passing, here over Unix sockets. Clients attach, send, and wait for the reply.",
    why:
      "It serves one message at a time, as the iterative server does a client, but looks at all " +
      "connections before each, since it owes the most urgent sender the next turn: twice as many " +
      "system calls.",
  },
};
