/**
 * The contract between a listing and what runs it.
 *
 * A server design answers two questions: how are children made, and who calls `accept`. A listing is
 * the answer to the second; the first is interchangeable (`children/`). `designs.ts` names the
 * combinations.
 *
 * @module
 */

/**
 * How children are made: not at all, by fork(2), as Deno subprocesses, as Workers (threads), or by fork(2)
 * and, on a processor of its own, execve(2) of another program (`sserver`).
 */
export type Making = "none" | "fork" | "subprocess" | "worker" | "exec";

/** Whom the parent passes a connection to: a child that is free, or each in its turn. */
export type Passing = "free" | "round";

/** What is held around accept: a record lock on a file, or a mutex in shared memory. */
export type LockKind = "file" | "mutex";

/** How clients reach a server: a byte stream, or a local transport. */
export type TransportName = "tcp" | "unix" | "door" | "channel";

/** Held around accept, and only there. */
export interface Lock {
  /** Waits for the lock and takes it. */
  acquire(): void;
  /** Gives it back. */
  release(): void;
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
  /** Whether there is one child for each client, or a pool made in advance (undefined: no children). */
  readonly lifetime?: "client" | "pool";
  /** What the children hold around accept. */
  readonly lock?: LockKind;
  /** Where the parent accepts and passes descriptors, so that each child has a socket pair: to whom. */
  readonly passes?: Passing;
  /** Whether the parent accepts and puts connections into the queue between threads. */
  readonly queues?: boolean;
  /** How clients reach it; undefined: over any stream, TCP or a Unix-domain socket. */
  readonly transport?: TransportName;
  /** Whether it is in a run of the local servers where nothing else is said. */
  readonly isLocal?: boolean;
  /**
   * URL of the listing's module. It is not imported here: every process and Worker that reads the registry
   * would load all of them.
   */
  readonly listing: string;
}

/** A listing: what the parent does and, unless it is another program, what each child does. */
export interface Listing {
  parent?(server: Server): void;
  child?(child: Child): void;
  /** Has V8 compile what serves, where it is not what serves streams. */
  warmUp?(): void;
  /** In place of both, in the host: starts the server, where a library of its own asks for the threads. */
  start?(pool: ThreadPool): void;
}

/** What a listing has to work with whose threads are asked for by a library. */
export interface ThreadPool {
  /** The listening socket. */
  readonly listener: number;
  /** How many threads it is to have. */
  readonly children: number;
  /** Starts the thread of that place, a Worker that runs a program of `children/`. */
  startThread(program: URL, index: number): Worker;
  /** Ends the server with a reason. */
  fail(reason: string): void;
}

/** Connections that wait for a thread (UNP §30.12). */
export interface Queue {
  /** Adds a connection, waiting while the queue is full. */
  put(connection: number): void;
  /** Takes the oldest connection, waiting while there is none. */
  take(): number;
}

/** What the parent of a listing has to work with. */
export interface Server {
  /** The listening socket. */
  readonly listener: number;
  /** The children. */
  readonly children: Children;
  /** Between the threads of a process: connections that wait for a child. */
  readonly queue: Queue;
  /** Serves one client in this process, closes the connection and counts it. */
  serve(connection: number): void;
  /** Counts a client that comes with a message; `answer` says whether its request is served. */
  count(answer: () => boolean): void;
}

/** The one interface behind which forks, Deno subprocesses and Workers stand. */
export interface Children {
  /** Starts every child of the pool. */
  fill(): readonly Member[];
  /** Starts one child for one client and gives the connection to it. */
  startFor(connection: number): void;
  /** Collects the children that have ended, without waiting for any. */
  reap(): void;
  /** Waits, for ever, and puts a new child in the place of each that dies. */
  keep(): never;
  /** Puts a new child in the place of one that has died. */
  replace(member: Member): void;
  /**
   * Collects the children of a pool that have ended, without waiting for any. One that died is replaced,
   * and so is one to which a connection is on its way; the others, which ended by themselves, are the
   * result.
   */
  collect(): readonly Member[];
  /** Starts a child again that ended by itself. */
  restart(member: Member): void;
}

/** What a parent that passes connections keeps of each child (the book's `Child` structure). */
export interface Member {
  readonly index: number;
  /** 0 where it has ended by itself. */
  readonly pid: number;
  /** The processor it is confined to; −1: none. */
  readonly processor: number;
  /** This end of the socket pair. */
  readonly channel: number;
  /** Whether it is serving a client. */
  busy: boolean;
  /** Clients it was given. */
  count: number;
}

/** What a child has to work with that is started for one client. */
export interface ClientChild {
  /** The client it was started for. */
  readonly connection: number;
  /** Serves one client, closes the connection and counts it. */
  serve(connection: number): void;
}

/** What a child of a listing has to work with. */
export interface Child extends ClientChild {
  /** Place in the pool, from 0. */
  readonly index: number;
  /** The listening socket; −1 where only the parent has it. */
  readonly listener: number;
  /** −1, unless it was started for one client. */
  readonly connection: number;
  /** Its end of the socket pair with the parent, in a design that passes descriptors. */
  readonly channel: number;
  /** What to hold around accept, in a design with a lock. */
  readonly lock: Lock;
  /** Between the threads of a process: connections that wait for a child. */
  readonly queue: Queue;
}
