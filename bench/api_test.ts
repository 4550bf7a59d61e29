import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { FailedError, UsageError } from "../servers/errors.ts";
import { childrenOf, hasExited, namesIn, tryReadText } from "../servers/posix/files.ts";
import { kill } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { Connection, freePort } from "../servers/testing/client.ts";
import { eventually } from "../servers/testing/process.ts";
import { bench, load, serve } from "./api.ts";

const impossible: Record<string, readonly [option: string, call: () => Promise<unknown>]> = {
  "an unknown design": ["design", () => serve("unheard-of")],
  "no children": ["children", () => serve("prefork-mutex", { children: 0 })],
  "half a port": ["port", () => serve("iterative", { port: 0.5 })],
  "a door on a port": ["path", () => serve("door")],
  "a port and a path": ["path", () => serve("iterative", { port: 1, path: "@herd" })],
  "a host and a path": ["path", () => serve("iterative", { host: "::1", path: "@herd" })],
  "a time limit below 0": ["requestTimeout", () => serve("iterative", { requestTimeout: -1 })],
  "a time limit of a door": [
    "requestTimeout",
    () => serve("door", { path: "@herd", requestTimeout: 1 }),
  ],
  "a load of nothing": ["port", () => load({})],
  "a load without clients": ["clients", () => load({ port: 1, clients: 0 })],
  "an unknown design in a run": ["design", () => bench({ designs: ["unheard-of"] })],
  "a door over TCP": ["local", () => bench({ designs: ["door"] })],
  "HTTP over a door": ["service", () => serve("door", { path: "@herd", service: "http" })],
  "several requests over a channel": [
    "requests",
    () => load({ path: "@herd", transport: "channel", requests: 2 }),
  ],
  "a run over HTTP with a door": [
    "service",
    () => bench({ designs: ["door"], local: true, service: "http" }),
  ],
  "a load with two ends": ["duration", () => load({ port: 1, connections: 1, duration: 1 })],
  "a run with two ends": ["duration", () => bench({ connections: 1, duration: 1 })],
  "a load from hosts at a path": ["path", () => load({ path: "@herd", hosts: "a" })],
  "an engine without hosts": ["hosts", () => load({ port: 1, via: "ssh" })],
  "an unknown engine": ["via", () => load({ port: 1, hosts: "a", via: "rsh" })],
  "hosts without an address": ["address", () => bench({ hosts: "a" })],
  "no time": ["duration", () => load({ port: 1, duration: 0 })],
  "no rounds": ["rounds", () => bench({ rounds: 0 })],
  "a sweep of nothing": [
    "sweep",
    () => bench({ sweep: { parameter: "clients", values: [] } }),
  ],
  "a sweep over no clients": [
    "clients",
    () => bench({ sweep: { parameter: "clients", values: [1, 0] } }),
  ],
};

for (const [name, [option, call]] of Object.entries(impossible)) {
  Deno.test(`the library names the option of ${name}, and no flag`, async () => {
    const error = await assertRejects(call, UsageError);
    assertEquals(error.option, option);
    assertEquals(error.message.match(/--|deno task/), null);
  });
}

/** The children of this process, whichever thread has started them. */
function ownChildren(): number[] {
  return namesIn("/proc/self/task").flatMap((thread) => {
    const list = tryReadText(`/proc/self/task/${thread}/children`)?.trim();
    return list ? list.split(" ").map(Number) : [];
  });
}

Deno.test("load() throws what failed where no request was answered", async () => {
  const { message } = await assertRejects(
    () => load({ port: freePort(), clients: 1, connections: 2 }),
    FailedError,
  );
  assertMatch(message, /^Cannot load the server: no request was answered \(\d+ × ECONNREFUSED\)$/);
});

Deno.test("serve() limits the time of a request", async () => {
  await using server = await serve("iterative", { requestTimeout: 0.1 });
  using half = new Connection(server.port);
  half.send("4");
  assertEquals(half.receive(1).length, 0);
  const { children } = await server.stop();
  assertEquals(children.map(({ rejected }) => rejected), [1]);
});

Deno.test("stop() throws the reason why a server has failed", async () => {
  await using server = await serve("iterative");
  const host = ownChildren()[0]!;
  kill(childrenOf(host)[0]!, Signal.KILL);
  await eventually("the end of the server", () => hasExited(host) || undefined);
  const { message } = await assertRejects(() => server.stop(), FailedError);
  assertMatch(message, /^iterative failed: the server process was ended by signal 9$/);
});
