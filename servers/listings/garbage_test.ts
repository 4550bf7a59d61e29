/** Garbage, generated: it harms no design, and each connection is counted. */
import { assertEquals } from "@std/assert";
import { reachableDesigns } from "../designs.ts";
import { SystemError } from "../posix/errors.ts";
import { ask, Connection } from "../testing/client.ts";
import { Random } from "../testing/fuzz.ts";
import { isLong } from "../testing/long.ts";
import { startServer, sumOf } from "../testing/server.ts";

/** What is valid, and what garbage is made of. */
const services = {
  bytes: {
    request: "1\n",
    pieces: ["1", "0", "9", "\n", "\r", " ", "-", "x", "\0", "\xff", "5\n"],
  },
  http: {
    request: "GET /bytes/1 HTTP/1.0\r\n\r\n",
    pieces: [
      "GET ",
      "/bytes/1",
      " HTTP/1.1",
      "\r\n",
      "Host: a",
      "Content-Length: 9",
      ":",
      "\0",
      "\xff",
    ],
  },
} as const;

/** 100,000 of all designs and services together; those that make a child for each are slow. */
function inputsOf(lifetime: "client" | "pool" | undefined): number {
  if (!isLong) return 100;
  return lifetime === "client" ? 100 : 3000;
}

for (const service of ["bytes", "http"] as const) {
  const { request, pieces } = services[service];
  const tested = reachableDesigns(false, service)
    .filter(({ id }) => isLong || id === "prefork-shared-accept");
  for (const { id, lifetime, isHttp } of tested) {
    Deno.test(`${id} survives generated garbage, and counts it (${service})`, async () => {
      await using server = await startServer(id, { children: 2, service });
      const random = new Random(1);
      const inputs = inputsOf(lifetime);
      for (let i = 0; i < inputs; i++) {
        const garbage = Array.from({ length: 1 + random.below(12) }, () => random.pick(pieces));
        using client = new Connection(server.port);
        try {
          client.send(garbage.join(""));
          client.shutDownWrite();
          if (random.once(2)) client.receive(100_000);
        } catch (error) {
          if (!(error instanceof SystemError)) throw error; // closed before all was sent
        }
      }
      assertEquals(ask(server.port, request, 1).length, 1);
      // Clients that have gone without an answer may still wait for a child.
      let made: number | undefined;
      for (
        const late = performance.now() + 10_000;
        made !== inputs + 1 && performance.now() < late;
      ) {
        await server.write('{"request":"counts"}');
        const event = await server.next();
        made = event?.event === "counts" ? event.counts.connections : undefined;
      }
      const { report, code, stderr } = await server.stop();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      assertEquals([sumOf(report, "connections"), sumOf(report, "lost")], [
        isHttp ? 0 : inputs + 1,
        0,
      ]);
    });
  }
}
