/** Servers made of threads, of which one fails to start or throws: it is known at once, with its reason. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Agent } from "../../bench/agents/agent.ts";
import { startLoad } from "../../bench/agents/load.ts";
import type { ServerAgent } from "../../bench/agents/server.ts";
import { ServerLine } from "../../bench/record/lines.ts";
import { requireDesign } from "../designs.ts";
import { doorCall, DoorError } from "../ipc/door/mod.ts";
import { OpenDoor } from "../ipc/door/testing.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { Connection } from "../testing/client.ts";
import { inTime } from "../testing/process.ts";
import type { Report } from "./account.ts";
import type { ServerEvent, ServerOptions } from "./protocol.ts";
import { DIE } from "./testing_door_thread.ts";
import type { Place } from "./testing_listing.ts";

type Lost = Extract<ServerEvent, { event: "lost" | "ended" | "crashing" }>;

/** A server with a listing that is not in the registry. */
class TestServer implements AsyncDisposable {
  readonly #deaths: Lost[] = [];
  #heard = Promise.withResolvers<void>();
  readonly agent: ServerAgent;
  port = 0;

  constructor(design: string, children: number, listing: URL, path: string | null = null) {
    const options: Omit<ServerOptions, "placement"> & { listing: string } = {
      design,
      listing: listing.href,
      port: 0,
      path,
      children,
      extraCpuNanoseconds: 0,
      launch: null,
      cgroup: false,
    };
    this.agent = new Agent({
      name: "server",
      program: "servers/host/testing_main.ts",
      options,
      placement: { session: "same", processors: null },
      parse: (line) => ServerLine.parse(line),
      onEvent: (event) => {
        if (event.event !== "lost" && event.event !== "crashing") return;
        this.#deaths.push(event);
        this.#heard.resolve();
      },
    });
  }

  async waitUntilReady(): Promise<void> {
    this.port = (await inTime("the server", this.agent.next("ready"))).port;
  }

  /** The next death that it reports. */
  async death(): Promise<Lost> {
    for (;;) {
      const death = this.#deaths.shift();
      if (death) return death;
      this.#heard = Promise.withResolvers();
      await inTime("a death", this.#heard.promise);
    }
  }

  async stop(): Promise<Report> {
    await this.agent.send({ request: "stop" });
    const { report, failure } = await inTime("the report", this.agent.next("report"));
    assertEquals(failure, null);
    return report;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.agent[Symbol.asyncDispose]();
  }
}

/** A server whose threads throw where they are ordered to. */
class FaultyServer extends TestServer {
  readonly #fault: string;

  constructor(design: string, children: number) {
    const fault = `/tmp/herd-test-${crypto.randomUUID()}`;
    const url = new URL("./testing_listing.ts", import.meta.url);
    const { listing } = requireDesign(design);
    url.search = String(new URLSearchParams({ listing, fault }));
    super(design, children, url);
    this.#fault = fault;
  }

  /** Starts it and waits until it is ready. */
  static async start(design: string, children = 3): Promise<FaultyServer> {
    await using starting = new AsyncDisposableStack();
    const server = starting.use(new FaultyServer(design, children));
    await server.waitUntilReady();
    starting.move();
    return server;
  }

  /** Has the next thread that comes to a place throw, or every one. */
  order(fault: Place | `${Place}!`): void {
    Deno.writeTextFileSync(this.#fault, fault);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await Deno.remove(this.#fault).catch(() => {});
  }
}

/** A client that asks for a byte; whether it gets it. */
function isServed(port: number): boolean {
  using client = new Connection(port);
  try {
    client.send("1\n");
    return client.receive(1).length === 1;
  } catch (error) {
    if (hasErrno(error, Errno.ECONNRESET, Errno.EPIPE)) return false;
    throw error;
  }
}

function sum(report: Report, count: "connections" | "lost"): number {
  return report.children.reduce((total, child) => total + child[count], 0);
}

const faults: readonly (readonly [design: string, fault: Place, reason: RegExp])[] = [
  ["prethread-shared-accept", "serve", /EBADF/],
  ["prethread-mutex", "serve", /EBADF/],
  ["prethread-mutex", "accept", /^thrown as ordered \(accept\)$/],
  ["prethread-main-accept", "serve", /EBADF/],
];

for (const [design, fault, expected] of faults) {
  Deno.test(`${design} replaces a thread that throws in the middle of a load (${fault})`, async () => {
    await using server = await FaultyServer.start(design);
    await using load = startLoad({ port: server.port, clients: 4, connections: 200 });
    await load.next("ready");
    await load.send({ request: "go" });
    server.order(fault);
    const { event, index, pid, reason } = await server.death();
    assertEquals(event, "lost");
    assertMatch(reason!, expected);
    assert(pid > 0);
    const { report: clients } = await inTime("the load", load.next("report"));
    // The others go on: only the client of the dead thread can have noticed.
    const errors = Object.values(clients.errors).reduce((total, count) => total + count, 0);
    assertEquals(errors, fault === "serve" ? 1 : 0);
    assertEquals(clients.connections, 800 - errors);
    // Every thread serves, the new one too.
    using held = new DisposableStack();
    for (let i = 0; i < 3; i++) {
      const client = held.use(new Connection(server.port));
      client.send("1\n");
      assertEquals(client.receive(1).length, 1);
    }
    held.dispose();
    const report = await server.stop();
    assertEquals(report.children.map(({ lost }) => lost), [0, 1, 2].map((i) => +(i === index)));
    assertEquals(sum(report, "connections"), 803);
    assertEquals(new Set(report.children.map(({ pid }) => pid)).size, 3);
    assert(report.children[index]!.pid !== pid);
  });
}

for (
  const [fault, expected] of [["import", /ordered/], ["start", /ordered/], [
    "serve",
    /EBADF/,
  ]] as const
) {
  Deno.test(`thread-per-client closes the client of a thread that fails (${fault}), and goes on`, async () => {
    await using server = await FaultyServer.start("thread-per-client");
    assertEquals(isServed(server.port), true);
    server.order(fault);
    assertEquals(isServed(server.port), false);
    const { event, index, reason } = await server.death();
    assertEquals([event, index], ["lost", 0]);
    assertMatch(reason!, expected);
    assertEquals(isServed(server.port), true);
    const report = await server.stop();
    assertEquals([sum(report, "connections"), sum(report, "lost")], [fault === "serve" ? 3 : 2, 1]);
  });
}

for (const design of ["thread-per-client", "prethread-main-accept"]) {
  Deno.test(`${design} fails with the reason when its main thread throws`, async () => {
    await using server = await FaultyServer.start(design);
    server.order("parent");
    using _client = new Connection(server.port);
    const { failure } = await inTime("the report", server.agent.next("report"));
    assertEquals(failure, "the main thread failed: thrown as ordered (parent)");
    assertEquals(await server.agent.failure(), failure);
  });
}

Deno.test("prethread-shared-accept gives up, with the reason, when its threads cannot start any more", async () => {
  await using server = await FaultyServer.start("prethread-shared-accept", 1);
  server.order("serve");
  assertEquals(isServed(server.port), false);
  assertEquals((await server.death()).event, "lost");
  server.order("import!");
  const events = [];
  while (events.at(-1) !== "crashing") events.push((await server.death()).event);
  assertEquals(events.length, 10);
  const { failure, report } = await inTime("the report", server.agent.next("report"));
  assertMatch(failure!, /^10 children in a row died .*: thrown as ordered \(import\)$/);
  assertEquals(sum(report, "lost"), 11);
});

/** Starts a door server whose threads die where a client asks them to. */
async function startDoor(children: number): Promise<TestServer & { path: string }> {
  const path = `/tmp/herd-test-${crypto.randomUUID()}`;
  const listing = new URL("./testing_door.ts", import.meta.url);
  await using starting = new AsyncDisposableStack();
  const server = starting.use(new TestServer("door", children, listing, path));
  await server.waitUntilReady();
  starting.move();
  return Object.assign(server, { path });
}

/** The answer to one request to a door. */
function callDoor(path: string, request: string): number {
  using door = new OpenDoor(path);
  return doorCall(door.descriptor, { data: new TextEncoder().encode(request) }).data.length;
}

Deno.test("door replaces a thread that throws in the middle of a call", async () => {
  await using server = await startDoor(2);
  for (let i = 0; i < 3; i++) {
    const error = assertThrows(() => callDoor(server.path, DIE), DoorError);
    assertEquals(error.code, "EINTR");
    const { event, reason, pid } = await server.death();
    assertEquals([event, reason], ["lost", "thrown as ordered"]);
    assert(pid > 0);
    assertEquals(callDoor(server.path, "7\n"), 7);
  }
  const report = await server.stop();
  assertEquals(sum(report, "lost"), 3);
  assertEquals(sum(report, "connections"), 3);
});

Deno.test("door gives up, with the reason, when its threads die before they serve", async () => {
  await using server = await startDoor(1);
  const events = [];
  while (events.at(-1) !== "crashing") {
    assertThrows(() => callDoor(server.path, DIE), DoorError);
    events.push((await server.death()).event);
  }
  assertEquals(events.length, 10);
  const { failure } = await inTime("the report", server.agent.next("report"));
  assertMatch(failure!, /^10 children in a row died .*: thrown as ordered$/);
});
