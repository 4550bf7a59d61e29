/**
 * Descriptions of the designs for the report and the documentation. A design without an entry is described
 * by its registry row.
 *
 * @module
 */

/** The description of one design. */
export interface DesignWords {
  /** What it does, in a sentence or two. */
  readonly does: string;
  /** The reason for its cost, and for differences from the book. */
  readonly why: string;
}

const SPAWNED =
  "Each child is a separate Deno program, started with posix_spawn; it inherits only the " +
  "descriptors it needs.";
const SPAWNED_WHY =
  "Starting a Deno program takes 20 ms of CPU or more. A pool pays that once, before the clients connect; " +
  "then its children make the same system calls as forked ones.";

/** By design id. */
export const DESIGN_WORDS: Readonly<Record<string, DesignWords>> = {
  "iterative": {
    does:
      "One process accepts a connection, serves it to completion and accepts the next. Without process " +
      "control, its CPU time is the baseline of all other designs.",
    why:
      "The lowest CPU time per connection. But one slow client blocks all others, and only one " +
      "processor is ever used.",
  },
  "fork-per-client": {
    does:
      "The traditional Unix server: the parent accepts and forks; the child serves its connection and " +
      "exits.",
    why:
      "fork copies the page tables of the process, and exit tears them down. A Deno process maps many " +
      "more pages than the C programs of the book, so the cost relative to a pool is higher here.",
  },
  "prefork-shared-accept": {
    does: "A pool of forked children; every child calls accept on the shared listening socket.",
    why:
      "The kernels of the book woke every sleeping child for each connection, the thundering herd. " +
      "Linux wakes one waiter, in FIFO order, so there is no herd and the load is even.",
  },
  "prefork-file-lock": {
    does: "A pool of forked children that serialize accept with a record lock on a file.",
    why:
      "System V needed the lock for correctness, and it avoids the thundering herd. Linux needs it for " +
      "neither: the row shows the cost of two more system calls and of the lock's wait queue.",
  },
  "prefork-mutex": {
    does: "A pool of forked children that serialize accept with a mutex in shared memory.",
    why:
      "An uncontended mutex never enters the kernel; contending children sleep in one futex queue. " +
      "The mutex is robust: the pool goes on if a child is killed while holding it.",
  },
  "prefork-fd-passing": {
    does:
      "Only the parent accepts. It passes each connection over a Unix-domain socket to the first free " +
      "child.",
    why:
      "Two messages per connection, each with a wakeup, make this the most expensive kind of pool, in " +
      "the book and here. The parent takes the first free child in a list, so the first few children " +
      "serve most connections; with --policy round-robin or least-connections all serve the same number.",
  },
  "thread-per-client": {
    does: "The main thread accepts and starts a thread for each connection.",
    why:
      "In the book this is cheaper than every process design. Here a thread that runs TypeScript is a " +
      "Worker with its own V8 isolate: 10 to 50 ms of CPU to start, compared with about 30 µs for a " +
      "POSIX thread.",
  },
  "prethread-mutex": {
    does: "A pool of threads that serialize accept with a mutex.",
    why:
      "Once started, threads make the same system calls as processes. On the book's Solaris and " +
      "Digital Unix this was the fastest design.",
  },
  "prethread-main-accept": {
    does: "The main thread accepts and queues each connection for a pool of threads.",
    why:
      "Threads share descriptors, so none is passed. But each connection wakes a thread through a " +
      "condition variable, which a pool that calls accept itself avoids.",
  },
  "prethread-shared-accept": {
    does: "A pool of threads; every thread calls accept.",
    why:
      "The same as prethread-mutex without the mutex: Linux already wakes one waiter per connection.",
  },
  "subprocess-per-client": {
    does: `The parent accepts and starts a child for each connection. ${SPAWNED}`,
    why: "The counterpart of fork-per-client. A forked child inherits compiled code; here each " +
      "connection pays for starting a JavaScript engine.",
  },
  "prespawn-shared-accept": {
    does: `A pool of subprocesses; every child calls accept. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-file-lock": {
    does: `A pool of subprocesses that serialize accept with a record lock on a file. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-mutex": {
    does: `A pool of subprocesses that serialize accept with a mutex in shared memory. ${SPAWNED}`,
    why: SPAWNED_WHY,
  },
  "prespawn-fd-passing": {
    does:
      "Only the parent accepts. It passes each connection over a Unix-domain socket to the first free " +
      `child of a pool of subprocesses. ${SPAWNED}`,
    why: `${SPAWNED_WHY} Passing a descriptor costs the same as between forked processes.`,
  },
  "slaunch": {
    does:
      "A launcher starts one server per processor, a separate program, and passes connections to " +
      "the servers in turn (Open System Services Programmer's Guide).",
    why:
      "Each server handles many connections concurrently, so the launcher need not know which are free: " +
      "one message per connection instead of two. All servers get the same number of connections, to " +
      "within one.",
  },
  "prefork-reuseport": {
    does:
      "A pool of forked children, each with a listening socket of its own on the same port (SO_REUSEPORT, Linux " +
      "3.9). The kernel puts each connection into the queue of one of them; by --steer it chooses by a hash of " +
      "the addresses, by the processor or at random.",
    why:
      "No queue and no lock is shared, and a connection wakes the one child it belongs to. But the kernel " +
      "does not know which children are busy: a client may wait for its child while others are idle. " +
      "Cloudflare measured a maximum of 144.55 ms (standard deviation 25.27) against 72.65 ms (1.58) with one shared " +
      "queue (“Why does one NGINX worker take all the load?”, 2017). Steered by processor, only as many children " +
      "as there are processors work. The parent holds all sockets too, so the queue of a child that dies goes to " +
      "the one that takes its place; where each worker opens its own, the queue is lost with it, unless " +
      "net.ipv4.tcp_migrate_req is set (Linux 5.14).",
  },
  "prethread-reuseport": {
    does: "A pool of threads, each with a listening socket of its own on the same port.",
    why:
      "The same as prefork-reuseport. The sockets belong to the process, so a thread that dies leaves its queue.",
  },
  "prespawn-prethread": {
    does:
      "Processes of threads, as in Apache's worker MPM: a pool of subprocesses, each with two threads that call " +
      `accept. ${SPAWNED}`,
    why:
      "A crash takes the two clients of one process with it, not all of them, at the price of the memory of " +
      "two engines and a process each. The processes are subprocesses, since a forked Deno process cannot start " +
      "threads. A child of the tables is a process.",
  },
  "prefork-select": {
    does:
      "A pool of forked children, each of which waits in select until the listening socket is ready, then " +
      "calls accept without blocking.",
    why:
      "select only looks, so the kernel wakes every waiting child for each connection: the thundering herd, " +
      "which the book calls select collisions (§30.6). Most of the herd looks once more in the kernel and " +
      "sleeps on; some call accept and find nothing.",
  },
  "prefork-poll": {
    does: "The same with poll in place of select.",
    why: "The same herd. poll gets a list of descriptors, select a set of bits, which it clears.",
  },
  "prefork-epoll": {
    does:
      "The same with an epoll instance in each child, which the listening socket is added to once.",
    why:
      "epoll spares a server with many descriptors from naming them all at each wait. Here there is one: " +
      "what it costs is the herd, since every instance is told of each connection.",
  },
  "prefork-epoll-exclusive": {
    does: "The same with EPOLLEXCLUSIVE (Linux 4.5), as in nginx 1.11.3.",
    why:
      "The kernel wakes one waiting child: no herd. It is the one that began to wait last, so with few clients " +
      "one child does most of the work. Cloudflare saw it in production: six connections one after " +
      "the other went to three workers as 2 1 0 2 1 0 with blocking accept, and as 0 0 0 0 0 0 with " +
      "EPOLLEXCLUSIVE (“Why does one NGINX worker take all the load?”, 2017).",
  },
  "io-uring": {
    does:
      "One process serves many clients at once by io_uring (io_uring(7), Linux 6.1 for this listing): it writes " +
      "operations into memory that the kernel shares, and one call submits all of them and waits for results. " +
      "One accept stays and has a result for each client; the kernel takes a buffer when input has arrived; a " +
      "reply is linked to what follows it, to receive or to close.",
    why:
      "Where clients come together they share a system call, and each needs less than one; a blocking server makes " +
      "five. The work inside the kernel stays. So it costs less than a pool that shares accept, though not " +
      "five times less. No client waits for another one, and a client that does nothing costs memory alone. But only " +
      "one processor is ever used.",
  },
  "prefork-io-uring": {
    does:
      "A pool of forked children, each of which does that with a ring and a listening socket of its own " +
      "(SO_REUSEPORT).",
    why:
      "With as many children as processors it uses all of them. With more, each has few clients at a time, so few " +
      "share a call: it waits, and is woken, for each step of a client. On one socket for all, the kernel gives " +
      "connections to the child whose accept has stayed there longest, and it stays for ever: one of 15 children " +
      "served all of 5000 connections.",
  },
  "event-poll": {
    does:
      "One process serves many clients at once (UNP §6.3): it waits in poll until any of its descriptors is ready, " +
      "and does for each what is possible without blocking.",
    why:
      "It controls no processes, and no client waits for a slow one. Where many are ready they share a wait, so " +
      "there are fewer wake-ups than connections. But poll gets all descriptors with each call: with thousands " +
      "of clients connected, nearly all CPU time goes into that. Only one processor is ever used, and the work of a " +
      "request delays everybody.",
  },
  "event-epoll": {
    does: "The same with epoll, which keeps the descriptors and returns those that are ready.",
    why:
      "Each client costs two calls more, to add and remove its descriptor. In return a wait costs the same " +
      "however many clients are connected: 10,000 that do nothing cost memory alone.",
  },
  "event-per-core": {
    does:
      "The same on every processor: a forked child for each runs the loop on a listening socket of its own (SO_REUSEPORT), " +
      "as in nginx with reuseport.",
    why:
      "All processors work and share nothing. The kernel deals connections by a hash and does not know which loop " +
      "is busy, so a client may wait while another processor is idle.",
  },
  "deno-listen": {
    does:
      "What a user of Deno writes: Deno.listen, and an asynchronous function for each client. The server is a Deno program " +
      "of its own with the default flags, and its account is that of all its threads.",
    why:
      "Underneath, Deno's runtime (Tokio) waits in epoll as event-epoll does, with much the same system calls. But each " +
      "accept, read and write is a promise, and each takes a trip through the runtime: memory is allocated, a function is " +
      "suspended and resumed. That is the difference to event-epoll.",
  },
  "deno-serve": {
    does:
      "What a user of Deno writes for the web: Deno.serve, and a function for each request; HTTP only. A Deno program of its " +
      "own, as deno-listen. Deno does not tell it of connections, so requests are counted in their place.",
    why:
      "Deno's runtime (hyper, over Tokio) accepts, reads and parses in native code, and V8 is asked once for each request. " +
      "But for each request there are objects of the web platform, a Request, a Response and Headers, which cost about what the native parser saves over deno-listen.",
  },
  "door": {
    does:
      "The service is a procedure behind a door. Clients call it instead of writing and reading; an " +
      "idle thread of the server's pool runs each call (UNP volume 2, chapter 15).",
    why:
      "The thread that became idle last is woken first, so a few threads do most of the work. Solaris " +
      "switches directly from the client to a server thread; here doors are built on Unix-domain " +
      "sockets, and a call costs a message each way and a wakeup.",
  },
  "channel": {
    does: "One process receives messages on a channel and replies to each: QNX Neutrino message " +
      "passing, built on Unix-domain sockets. Clients attach, send, and wait for the reply.",
    why:
      "Like the iterative server it handles one message at a time. But it polls all connections before " +
      "each message, since the sender with the highest priority is next: twice as many system calls.",
  },
};
