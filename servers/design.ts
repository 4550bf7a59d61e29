/**
 * The contract between a listing and the code that runs it.
 *
 * A server design answers two questions: how are children made, and which process or thread calls `accept`.
 * A listing answers the second; the ways to make children are interchangeable (`children/`). `designs.ts`
 * names the combinations.
 *
 * @module
 */

import type { Sessions } from "./sessions.ts";

/**
 * How children are made: not at all, by fork(2), as Deno subprocesses, as Workers (threads), or by fork(2)
 * and, each on a processor of its own, execve(2) of another program (`sserver`).
 */
export type Making = "none" | "fork" | "subprocess" | "worker" | "exec";

/** Which child the parent passes a connection to: a free one, or each in turn. */
export type Passing = "free" | "round";

/** Which of its free children a parent passes a connection to. */
export type Policy = "lowest-free" | "round-robin" | "least-connections";

/** What is held around accept: a record lock on a file, or a mutex in shared memory. */
export type LockKind = "file" | "mutex";

/** The call by which children wait until the listening socket has a connection, before they call accept. */
export type Waiting = "select" | "poll" | "epoll" | "epoll-exclusive";

/** The system call by which an event loop waits for its descriptors. */
export type Polling = "poll" | "epoll";

/** How the kernel chooses among the listening sockets of a port: by a hash of the addresses, the processor, or at random. */
export type Steering = "hash" | "cpu" | "random";

/** How clients reach a server: a byte stream, or a local transport. */
export type TransportName = "tcp" | "unix" | "door" | "channel";

/** What is done for a client: the book's service, a line with a count and that many bytes; or HTTP. */
export type ServiceName = "bytes" | "http";

/** How long something takes for each request: always the same, or with an exponential distribution of that mean. */
export interface RequestTime {
  readonly nanoseconds: number;
  readonly distribution: "fixed" | "exponential";
}

/** How long each request takes, besides its reply. */
export interface ServiceTime {
  /** CPU time that it consumes. */
  readonly work: RequestTime;
  /** Time for which it then waits, without CPU time; meanwhile an event loop serves others. */
  readonly wait: RequestTime;
  /** Seed of the random times, below 2³². Each child has its own, which follow from it. */
  readonly seed: number;
}

/** Held around accept, and only there. */
export interface Lock {
  /** Waits for the lock and takes it. */
  acquire(): void;
  release(): void;
}

/** Waits until a listening socket that does not block has a connection. */
export interface Readiness extends Disposable {
  /** Returns when there is one, which another child may take first. */
  wait(): void;
}

/** A row of the registry. */
export interface Design {
  /** What a user types. */
  readonly id: string;
  /** One line for the tables. */
  readonly title: string;
  /** Answer to the first question. */
  readonly children: Making;
  /** Answer to the second question, in words. */
  readonly accepts: string;
  /** Row of Table 30.1; undefined for a design that is not in the book. */
  readonly row?: number;
  /** One child for each client, or a pool made in advance; undefined: no children. */
  readonly lifetime?: "client" | "pool";
  /** What the children hold around accept. */
  readonly lock?: LockKind;
  /** Threads of each child that run the listing in its place; undefined: it runs the listing itself. */
  readonly threads?: number;
  /** How the children wait before accept, which then does not block. */
  readonly waits?: Waiting;
  /** How its event loop, or that of each child, waits; such a design serves many clients at once. */
  readonly polls?: Polling;
  /** Whether it needs Deno's event loop: its one process is then a Deno program of its own, with all its threads. */
  readonly isAsync?: boolean;
  /** Whether a library speaks HTTP for it: it has no other service, and knows of requests, but not of connections. */
  readonly isHttp?: boolean;
  /** Whether its pool has a child for each processor, unless a number is given. */
  readonly isPerCore?: boolean;
  /** Whether each child has a listening socket of its own, all on one port. */
  readonly isSharded?: boolean;
  /** For a parent that accepts and passes descriptors over socket pairs: to which child. */
  readonly passes?: Passing;
  /** Whether the parent accepts and puts connections into the queue between threads. */
  readonly queues?: boolean;
  /** Whether it serves by io_uring(7), which the kernel must allow. */
  readonly isRing?: boolean;
  /** The transport it needs; undefined: any stream, TCP or a Unix-domain socket. */
  readonly transport?: TransportName;
  /** Whether a run of the local servers includes it by default. */
  readonly isLocal?: boolean;
  /**
   * URL of the listing's module. The registry does not import it: every process and Worker that reads the
   * registry would load all listings.
   */
  readonly listing: string;
}

/** A listing: what the parent does and, unless the children run another program, what each child does. */
export interface Listing {
  parent?(context: ParentContext): void;
  child?(context: ChildContext): void;
  /** Has V8 compile the serving code, in a design that does not serve streams. */
  warmUp?(): void;
  /** Listens and serves forever, in place of both, in a design that needs Deno's event loop. */
  serve?(context: AsyncContext): Promise<void>;
  /** Starts the server from the host, in place of both, where a library asks for the threads. */
  start?(pool: ThreadPool): void;
}

/** What a listing gets whose threads a library asks for. */
export interface ThreadPool {
  /** The listening socket. */
  readonly listener: number;
  /** Number of threads. */
  readonly children: number;
  /** Starts a thread, a Worker that runs a program of `children/`; undefined: there are all of them. */
  startThread(program: URL): Worker | undefined;
  /** Ends the server with a reason. */
  fail(reason: string): void;
}

/** What a listing gets that needs Deno's event loop. */
export interface AsyncContext {
  /** Where it is to listen. */
  readonly hostname: string;
  readonly port: number;
  readonly sessions: Sessions;
  /** Works and waits for so many requests, and serves others while it waits; undefined: requests take no time. */
  readonly spend: ((requests: number) => Promise<void>) | undefined;
  /** To be called as soon as clients can connect. */
  listening(): void;
}

/** Connections that wait for a thread (UNP §30.12). */
export interface Queue {
  /** Adds a connection; waits while the queue is full. */
  put(connection: number): void;
  /** Takes the oldest connection; waits while there is none. */
  take(): number;
}

/** What the parent of a listing gets. */
export interface ParentContext {
  /** The listening socket. */
  readonly listener: number;
  readonly children: Children;
  /** Chooses the free child of a pool to pass the next connection to; one is free. */
  readonly choose: (pool: readonly Member[]) => Member;
  /** Connections that wait for a child, between the threads of a process. */
  readonly queue: Queue;
  /** Serves one client in this process, closes the connection and counts it. */
  serve(connection: number): void;
  /** For a process without children that serves many clients at once. */
  readonly sessions: Sessions;
  /** The system call by which it waits for all of them. */
  readonly polls: Polling;
  /** Counts a client that is one message; `answer` returns whether its request is served. */
  count(answer: () => boolean): void;
}

/** The one interface to forks, Deno subprocesses and Workers. */
export interface Children {
  /** Starts every child of the pool. */
  fill(): readonly Member[];
  /** Starts a child for one client and gives it the connection. */
  startFor(connection: number): void;
  /** Collects the children that have ended, without waiting. */
  reap(): void;
  /** Waits forever and replaces each child that dies. */
  keep(): never;
  /** Replaces a child that has died; false if there are too few processes or descriptors for it now. */
  replace(member: Member): boolean;
  /**
   * Collects the children of a pool that have ended, without waiting. A child that died is replaced, if
   * there are enough processes and descriptors, and so is one that ended while a connection was on its way
   * to it. Of all others the pid is 0. Returns whether one runs wherever a connection is on its way.
   */
  collect(): boolean;
  /** Restarts a child that is not running; false as above. */
  restart(member: Member): boolean;
}

/** What a parent that passes connections keeps about each child (the book's `Child` structure). */
export interface Member {
  readonly index: number;
  /** 0 after it has ended by itself, or died and could not be replaced yet. */
  readonly pid: number;
  /** The processor it is confined to; −1: none. */
  readonly processor: number;
  /** The parent's end of the socket pair; −1: none. */
  readonly socket: number;
  /** Whether it is serving a client. */
  busy: boolean;
  /** Number of clients passed to it. */
  count: number;
}

/** What a child gets that serves one client. */
export interface ClientChildContext {
  /** The connection to its client. */
  readonly connection: number;
  /** Serves one client, closes the connection and counts it. */
  serve(connection: number): void;
}

/** What a child of a listing gets. */
export interface ChildContext extends ClientChildContext {
  /** Index in the pool, from 0. */
  readonly index: number;
  /** Whether a child with this index has died. */
  readonly isReplacement: boolean;
  /** The listening socket; −1 where only the parent has it. */
  readonly listener: number;
  /** All listening sockets; of several a process has only the one with its index. */
  readonly listeners: readonly number[];
  /** −1 in a pool. */
  readonly connection: number;
  /** Its end of the socket pair, in a design that passes descriptors. */
  readonly socket: number;
  /** What to hold around accept, in a design with a lock. */
  readonly lock: Lock;
  /** What to wait for before accept, in a design whose children wait. */
  readonly readiness: Readiness;
  /** Connections that wait for a child, between the threads of a process. */
  readonly queue: Queue;
  /** Counts a call of accept that found no connection. */
  foundNone(): void;
  /** For a child that serves many clients at once. */
  readonly sessions: Sessions;
  /** The system call by which it waits for all of them. */
  readonly polls: Polling;
}
