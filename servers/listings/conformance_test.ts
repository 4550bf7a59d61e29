/**
 * One client script for every design. It never holds two connections at once, since not every design
 * serves two clients at a time.
 */
import { assertEquals } from "@std/assert";
import { isReachable, requireDesign, streamDesigns } from "../designs.ts";
import { tryReadText } from "../posix/files.ts";
import { ask, Connection, freePath } from "../testing/client.ts";
import { isGone } from "../testing/fork.ts";
import { isLong, isTested } from "../testing/long.ts";
import { poolSize, startServer, sumOf } from "../testing/server.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";

const CHILDREN = 2;

const text = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);

/** Requests the service refuses. */
const refused = {
  "a word": "abc\n",
  "an empty line": "\n",
  "zero": "0\n",
  "a negative number": "-1\n",
  "a fraction": "1.5\n",
  "a number with a carriage return": "5\r\n",
  "a number over 16 MiB": `${REQUEST_LIMIT + 1}\n`,
  "a line that is too long, before its end": "1".repeat(9),
};

/** Deno subprocesses run the listings of forked children: but for one they are for the long tests. */
const tested = streamDesigns.filter(isTested).filter(({ id, children, lifetime }) =>
  isLong || id === "prespawn-shared-accept" ||
  children !== "subprocess" && !(lifetime === "client" && children === "worker")
);

/** Those over TCP; and one of them at a path and over IPv6, or all that can. */
const other = requireDesign("prefork-fd-passing");
const servings = [
  ...tested.map((design) => ({ design, local: false, host: "127.0.0.1" })),
  ...(isLong ? tested.filter((design) => isReachable(design, true)) : [other])
    .map((design) => ({ design, local: true, host: "localhost" })),
  ...(isLong ? tested : [other]).map((design) => ({ design, local: false, host: "::1" })),
];

/** Whether there is ::1 here. */
const hasIpv6 = tryReadText("/proc/net/if_inet6")?.includes("0".repeat(31) + "1 ") ?? false;

const places: Record<string, string> = { localhost: " at a path", "::1": " over IPv6" };

for (const { design, local, host } of servings) {
  const name = `${design.id}${places[host] ?? ""}`;
  const ignore = host === "::1" && !hasIpv6;
  Deno.test(`${name} keeps to the protocol and counts what it did`, { ignore }, async (t) => {
    const path = local ? freePath() : null;
    await using server = await startServer(design.id, {
      children: CHILDREN,
      path,
      host: local ? null : host,
    });
    let connections = 0;
    const connect = () => {
      connections++;
      return new Connection(server.place, host);
    };

    await t.step("it says where it is", () => {
      const { event, design: id, host: name, path: at } = server.ready;
      assertEquals({ event, id }, { event: "ready", id: design.id });
      assertEquals([name, at], [host, path]);
    });

    await t.step("it answers a request", () => {
      using connection = connect();
      connection.send("5\n");
      assertEquals(text(connection.receive(5)), "AAAAA");
    });

    await t.step("a mark starts the account afresh", async () => {
      await server.mark();
      connections = 0;
    });

    await t.step("it answers several requests on one connection, and no more than asked", () => {
      using connection = connect();
      for (const count of [1, 4000, 2]) {
        connection.send(`${count}\n`);
        assertEquals(text(connection.receive(count)), "A".repeat(count));
      }
      connection.shutDownWrite();
      assertEquals(connection.receive(1).length, 0);
    });

    await t.step("it answers requests that arrive together", () => {
      using connection = connect();
      connection.send("1\n70000\n3\n");
      connection.shutDownWrite();
      assertEquals(connection.receive(100_000).length, 70_004);
    });

    await t.step("it answers requests that arrive in pieces", () => {
      using connection = connect();
      // Each reply shows that the piece before has been read.
      connection.send("5\n1");
      assertEquals(connection.receive(5).length, 5);
      connection.send("0\n");
      assertEquals(connection.receive(10).length, 10);
      connection.send("0012\n4");
      assertEquals(connection.receive(12).length, 12);
      connection.send("0");
      connection.send("00");
      connection.send("\n");
      connection.shutDownWrite();
      assertEquals(connection.receive(5000).length, 4000);
    });

    await t.step("a client that closes without asking does no harm", () => {
      connect()[Symbol.dispose]();
    });

    await t.step("a client that goes away in mid-reply does no harm", () => {
      using connection = connect();
      connection.send(`${REQUEST_LIMIT}\n`);
      // Closed with the rest unread, it sends a reset.
      assertEquals(connection.receive(1000).length, 1000);
    });

    for (const [name, request] of Object.entries(refused)) {
      await t.step(`it closes the connection after ${name}, and serves the next client`, () => {
        using connection = connect();
        connection.send(request);
        assertEquals(text(connection.receive(1)), "");
        using next = connect();
        next.send("4000\n");
        assertEquals(next.receive(4000).length, 4000);
      });
    }

    await t.step("it answers what came before a refused request", () => {
      using connection = connect();
      connection.send("5\nabc\n6\n");
      assertEquals(text(connection.receive(100)), "AAAAA");
      // More than the socket's buffers hold, and input that no read has taken yet.
      using another = connect();
      another.send(`300000\nx${"y".repeat(20_000)}`);
      assertEquals(another.receive(300_001).length, 300_000);
    });

    await t.step("a reply of 16 MiB arrives whole", () => {
      using connection = connect();
      connection.send(`${REQUEST_LIMIT}\n`);
      connection.shutDownWrite();
      assertEquals(connection.receive(REQUEST_LIMIT + 1).length, REQUEST_LIMIT);
    });

    await t.step("it ends with a report of every connection since the mark", async () => {
      const { report, code, stderr } = await server.stop();
      assertEquals({
        code,
        stderr,
        design: report?.design,
        children: report?.children.map(({ index }) => index),
        connections: sumOf(report, "connections"),
        rejected: sumOf(report, "rejected"),
        lost: sumOf(report, "lost"),
      }, {
        code: 0,
        stderr: "",
        design: design.id,
        children: design.lifetime === "pool" ? [...Array(poolSize(design, CHILDREN)).keys()] : [0],
        connections,
        rejected: Object.keys(refused).length + 2,
        lost: 0,
      });
    });

    await t.step("nothing of it is left", () => {
      assertEquals(server.processes(), []);
      if (path !== null) assertEquals(isGone(path), true);
    });
  });
}

for (const id of ["prefork-shared-accept", "prethread-shared-accept"]) {
  Deno.test(`${id} reports what it did from the start, at SIGINT, too`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    for (let i = 0; i < 3; i++) ask(server.port, "4000\n", 4000);
    const { report, code, failure } = await server.stop("SIGINT");
    assertEquals([code, failure, sumOf(report, "connections")], [0, null, 3]);
  });
}
