/**
 * The registry: one row of data per design. Commands, tests, tables and the report know designs only from here.
 *
 * @module
 */
import type { Design, Listing, ServiceName } from "./design.ts";
import { requireNamed } from "./nearest.ts";

export type { Design };

/** Every design, the rows of the book first. */
export const designs: readonly Design[] = [
  {
    id: "iterative",
    title: "Iterative server (baseline)",
    children: "none",
    accepts: "the process",
    row: 0,
    isLocal: true,
    listing: import.meta.resolve("./listings/iterative.ts"),
  },
  {
    id: "fork-per-client",
    title: "Concurrent server, one fork per client",
    children: "fork",
    accepts: "the parent, then a new child for each client",
    row: 1,
    lifetime: "client",
    listing: import.meta.resolve("./listings/per_client.ts"),
  },
  {
    id: "prefork-shared-accept",
    title: "Prefork, each child calling accept",
    children: "fork",
    accepts: "every child",
    row: 2,
    lifetime: "pool",
    isLocal: true,
    listing: import.meta.resolve("./listings/shared_accept.ts"),
  },
  {
    id: "prefork-file-lock",
    title: "Prefork, file lock around accept",
    children: "fork",
    accepts: "every child, in a file lock",
    row: 3,
    lifetime: "pool",
    lock: "file",
    isLocal: true,
    listing: import.meta.resolve("./listings/locked_accept.ts"),
  },
  {
    id: "prefork-mutex",
    title: "Prefork, mutex around accept",
    children: "fork",
    accepts: "every child, in a mutex",
    row: 4,
    lifetime: "pool",
    lock: "mutex",
    isLocal: true,
    listing: import.meta.resolve("./listings/locked_accept.ts"),
  },
  {
    id: "prefork-fd-passing",
    title: "Prefork, parent passing the descriptor to a child",
    children: "fork",
    accepts: "the parent, which passes the descriptor to a free child",
    row: 5,
    lifetime: "pool",
    passes: "free",
    isLocal: true,
    listing: import.meta.resolve("./listings/passed_accept.ts"),
  },
  {
    id: "thread-per-client",
    title: "Concurrent server, one thread per client",
    children: "worker",
    accepts: "the main thread, then a new thread for each client",
    row: 6,
    lifetime: "client",
    listing: import.meta.resolve("./listings/per_client.ts"),
  },
  {
    id: "prethread-mutex",
    title: "Prethreaded, mutex around accept",
    children: "worker",
    accepts: "every thread, in a mutex",
    row: 7,
    lifetime: "pool",
    lock: "mutex",
    listing: import.meta.resolve("./listings/locked_accept.ts"),
  },
  {
    id: "prethread-main-accept",
    title: "Prethreaded, main thread calling accept",
    children: "worker",
    accepts: "the main thread, which hands the connection to a free thread",
    row: 8,
    lifetime: "pool",
    queues: true,
    listing: import.meta.resolve("./listings/queued_accept.ts"),
  },
  {
    id: "prethread-shared-accept",
    title: "Prethreaded, each thread calling accept",
    children: "worker",
    accepts: "every thread",
    lifetime: "pool",
    listing: import.meta.resolve("./listings/shared_accept.ts"),
  },
  {
    id: "subprocess-per-client",
    title: "Concurrent server, one Deno subprocess per client",
    children: "subprocess",
    accepts: "the parent, then a new child for each client",
    lifetime: "client",
    listing: import.meta.resolve("./listings/per_client.ts"),
  },
  {
    id: "prespawn-shared-accept",
    title: "Deno subprocesses, each calling accept",
    children: "subprocess",
    accepts: "every child",
    lifetime: "pool",
    listing: import.meta.resolve("./listings/shared_accept.ts"),
  },
  {
    id: "prespawn-file-lock",
    title: "Deno subprocesses, file lock around accept",
    children: "subprocess",
    accepts: "every child, in a file lock",
    lifetime: "pool",
    lock: "file",
    listing: import.meta.resolve("./listings/locked_accept.ts"),
  },
  {
    id: "prespawn-mutex",
    title: "Deno subprocesses, mutex around accept",
    children: "subprocess",
    accepts: "every child, in a mutex",
    lifetime: "pool",
    lock: "mutex",
    listing: import.meta.resolve("./listings/locked_accept.ts"),
  },
  {
    id: "prespawn-fd-passing",
    title: "Deno subprocesses, parent passing the descriptor to one",
    children: "subprocess",
    accepts: "the parent, which passes the descriptor to a free child",
    lifetime: "pool",
    passes: "free",
    listing: import.meta.resolve("./listings/passed_accept.ts"),
  },
  {
    id: "slaunch",
    title: "One server on each processor, connections dealt round",
    children: "exec",
    accepts: "the launcher, which passes the descriptor to the next server",
    lifetime: "pool",
    passes: "round",
    listing: import.meta.resolve("./listings/slaunch.ts"),
  },
  {
    id: "prefork-reuseport",
    title: "Prefork, each child with a listening socket of its own",
    children: "fork",
    accepts: "every child, on a socket of its own",
    lifetime: "pool",
    isSharded: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/sharded_accept.ts"),
  },
  {
    id: "prethread-reuseport",
    title: "Prethreaded, each thread with a listening socket of its own",
    children: "worker",
    accepts: "every thread, on a socket of its own",
    lifetime: "pool",
    isSharded: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/sharded_accept.ts"),
  },
  {
    id: "prespawn-prethread",
    title: "Deno subprocesses, each with two threads that call accept",
    children: "subprocess",
    accepts: "every thread of every child",
    lifetime: "pool",
    threads: 2,
    listing: import.meta.resolve("./listings/shared_accept.ts"),
  },
  {
    id: "prefork-select",
    title: "Prefork, each child waiting in select",
    children: "fork",
    accepts: "every child, after select",
    lifetime: "pool",
    waits: "select",
    listing: import.meta.resolve("./listings/ready_accept.ts"),
  },
  {
    id: "prefork-poll",
    title: "Prefork, each child waiting in poll",
    children: "fork",
    accepts: "every child, after poll",
    lifetime: "pool",
    waits: "poll",
    listing: import.meta.resolve("./listings/ready_accept.ts"),
  },
  {
    id: "prefork-epoll",
    title: "Prefork, each child waiting in epoll",
    children: "fork",
    accepts: "every child, after epoll",
    lifetime: "pool",
    waits: "epoll",
    listing: import.meta.resolve("./listings/ready_accept.ts"),
  },
  {
    id: "prefork-epoll-exclusive",
    title: "Prefork, each child waiting in epoll, exclusively",
    children: "fork",
    accepts: "every child, after epoll with EPOLLEXCLUSIVE",
    lifetime: "pool",
    waits: "epoll-exclusive",
    listing: import.meta.resolve("./listings/ready_accept.ts"),
  },
  {
    id: "io-uring",
    title: "One process, many clients at once by io_uring",
    children: "none",
    accepts: "the process, by a ring",
    isRing: true,
    listing: import.meta.resolve("./listings/io_uring.ts"),
  },
  {
    id: "prefork-io-uring",
    title: "Prefork, each child with many clients at once by io_uring",
    children: "fork",
    accepts: "every child, by a ring, on a socket of its own",
    lifetime: "pool",
    isRing: true,
    isSharded: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/prefork_io_uring.ts"),
  },
  {
    id: "event-poll",
    title: "Event loop, one process waiting in poll",
    children: "none",
    accepts: "the process, after poll",
    polls: "poll",
    listing: import.meta.resolve("./listings/event_loop.ts"),
  },
  {
    id: "event-epoll",
    title: "Event loop, one process waiting in epoll",
    children: "none",
    accepts: "the process, after epoll",
    polls: "epoll",
    listing: import.meta.resolve("./listings/event_loop.ts"),
  },
  {
    id: "event-per-core",
    title: "Event loops, one process for each processor",
    children: "fork",
    accepts: "every child, on a socket of its own, after epoll",
    lifetime: "pool",
    isPerCore: true,
    polls: "epoll",
    isSharded: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/event_per_core.ts"),
  },
  {
    id: "deno-listen",
    title: "Deno's own event loop over Deno.listen",
    children: "none",
    accepts: "Deno's runtime, which resolves a promise for each connection",
    isAsync: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/deno_listen.ts"),
  },
  {
    id: "deno-serve",
    title: "Deno's own HTTP server, Deno.serve",
    children: "none",
    accepts: "Deno's runtime, which calls a function for each request",
    isAsync: true,
    isHttp: true,
    transport: "tcp",
    listing: import.meta.resolve("./listings/deno_serve.ts"),
  },
  {
    id: "door",
    title: "Door server, a pool of threads that take calls",
    children: "worker",
    accepts: "every thread, a call at a time",
    lifetime: "pool",
    transport: "door",
    isLocal: true,
    listing: import.meta.resolve("./listings/door_server.ts"),
  },
  {
    id: "channel",
    title: "Channel server, a loop that receives messages",
    children: "none",
    accepts: "the process, a message at a time",
    transport: "channel",
    isLocal: true,
    listing: import.meta.resolve("./listings/channel_loop.ts"),
  },
];

/** Whether clients can reach a design on a port, or locally: at a path. */
export function isReachable({ transport }: Pick<Design, "transport">, locally: boolean): boolean {
  return transport === undefined || (transport === "tcp") !== locally;
}

/** Whether each process of a design serves many clients at once. */
export function servesMany(
  { children, isRing, polls, isAsync }: Pick<Design, "children" | "isRing" | "polls" | "isAsync">,
): boolean {
  return children === "exec" || isRing === true || polls !== undefined || isAsync === true;
}

/** The designs that clients reach on a port, or locally: at a path; without those that only speak HTTP in another service. */
export function reachableDesigns(locally: boolean, service: ServiceName): readonly Design[] {
  return designs.filter((design) =>
    isReachable(design, locally) && (service === "http" || !design.isHttp)
  );
}

/** What a design serves unless another service is asked for. */
export function usualService({ isHttp }: Design): ServiceName {
  return isHttp ? "http" : "bytes";
}

/** The designs that clients reach on a port with the book's service. */
export const streamDesigns = reachableDesigns(false, "bytes");

/** The designs of a run by default: the rows of the book, or of a local run. */
export function usualDesigns(local: boolean): readonly Design[] {
  return designs.filter(({ row, isLocal }) => local ? isLocal : row !== undefined);
}

/** Loads the listing of a design. */
export function loadListing({ listing }: Design): Promise<Listing> {
  return import(listing);
}

/** The design with that id. @throws {UsageError} that names the one that was meant, or else all. */
export function requireDesign(id: string): Design {
  return requireNamed("design", id, new Map(designs.map((design) => [design.id, design])));
}

/** Whether it can limit the time that a client takes for a request, or to read a reply. */
export function limitsRequests({ transport, isAsync }: Design): boolean {
  return !isAsync && (transport === undefined || transport === "tcp");
}

/** The design with that id, or undefined. */
export function findDesign(id: string): Design | undefined {
  return designs.find((design) => design.id === id);
}
