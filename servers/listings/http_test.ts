/** HTTP by the designs: raw requests, and the clients of others. */
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { type Design, reachableDesigns, servesMany, streamDesigns } from "../designs.ts";
import { Connection } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { type RunningServer, startServer, sumOf } from "../testing/server.ts";
import { succeeds } from "../testing/starter.ts";

const CHILDREN = 2;

/** Each way to make children, and to serve with them; all for the long tests. */
const SHORT = [
  "iterative",
  "fork-per-client",
  "thread-per-client",
  "prethread-main-accept",
  "slaunch",
  "io-uring",
];
const tested = streamDesigns.filter(({ id }) => isLong || SHORT.includes(id));

const start = (design: string) => startServer(design, { children: CHILDREN, service: "http" });

const get = (count: number, more = "") => `GET /bytes/${count} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

const head = (count: number, more = "") =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${more}Content-Length: ${count}\r\n\r\n`;

const text = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);

/** Requests that end the connection, and their statuses. */
const refused = {
  400: "GET /bytes/5 HTTP/1.1\r\n\r\n",
  413: get(5, "Content-Length: 3\r\n"),
  431: get(5, `A: ${"a".repeat(17_000)}\r\n`),
  505: "GET /bytes/5 HTTP/3.0\r\nHost: a\r\n\r\n",
};

for (const { id } of tested) {
  Deno.test(`${id} serves HTTP and counts connections and requests`, async () => {
    await using server = await start(id);
    const connections = Object.keys(refused).length + 4;
    {
      using connection = new Connection(server.port);
      for (const count of [5, 4000, 0]) {
        connection.send(get(count));
        assertEquals(
          text(connection.receive(head(count).length + count)).length,
          head(count).length + count,
        );
      }
      // Pipelined, beside one that does not exist and one that is not allowed; then the last.
      connection.send(
        get(70_000) + get(3).replace("GET", "HEAD") + get(1).replace("bytes", "none") +
          get(1).replace("GET", "PUT") + get(2, "Connection: close\r\n") + get(9),
      );
      const reply = text(connection.receive(100_000));
      assertEquals(
        reply.match(/^HTTP\/1\.1 \d+|A+HTTP\/1\.1 \d+/gm)?.map((line) => line.slice(-3)),
        [
          ...["200", "200", "404", "405", "200"],
        ],
      );
      assertMatch(reply, /\r\nContent-Length: 3\r\n\r\nHTTP/);
      assertMatch(reply, /\r\nConnection: close\r\nContent-Length: 2\r\n\r\nAA$/);
    }
    {
      using connection = new Connection(server.port);
      connection.send(
        "GET /bytes/4 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /bytes/4 HTTP/1.0\r\n\r\n",
      );
      const [kept, closed] = ["Connection: keep-alive\r\n", "Connection: close\r\n"];
      const replies = `${head(4, kept)}AAAA${head(4, closed)}AAAA`;
      assertEquals(text(connection.receive(10_000)), replies);
    }
    {
      using connection = new Connection(server.port);
      for (const byte of get(6)) connection.send(byte);
      assertEquals(text(connection.receive(head(6).length + 6)), head(6) + "AAAAAA");
    }
    {
      using connection = new Connection(server.port);
      connection.send(get(16 * 1024 * 1024));
      connection.receive(10_000); // and goes away with the rest unread
    }
    for (const [status, request] of Object.entries(refused)) {
      using connection = new Connection(server.port);
      connection.send(request + "x".repeat(100));
      assertMatch(
        text(connection.receive(10_000)),
        new RegExp(`^HTTP/1\\.1 ${status} .*Connection: close`, "s"),
      );
    }
    const { report, code, stderr } = await server.stop();
    assertEquals({
      code,
      stderr,
      connections: sumOf(report, "connections"),
      requests: sumOf(report, "requests"),
      rejected: sumOf(report, "rejected"),
    }, { code: 0, stderr: "", connections, requests: 8 + 2 + 1 + 1, rejected: connections - 4 });
  });
}

/** What Deno.serve answers by itself, or in its own way: the first line of the reply, and why. */
const hyper = {
  old: ["HTTP/1.0 200 OK", "it answers in the version of the request"],
  hostless: ["HTTP/1.1 200 OK", "it asks for no Host"],
  content: ["HTTP/1.1 200 OK", "it discards content that nobody reads"],
  large: ["HTTP/1.1 200 OK", "its heads may have some 400 KiB"],
  version: ["HTTP/1.1 400 Bad Request", "it has one status for all that it cannot read"],
} as const;

/** Requests; with what Deno.serve does otherwise, if anything. */
const compared: readonly [request: string, otherwise?: readonly [line: string, why: string]][] = [
  [get(5)],
  [get(0)],
  [get(70_000)],
  [get(16_777_216)],
  [get(16_777_217)],
  [get(5).replace("GET", "HEAD")],
  [get(5).replace("/5", "/05")],
  [get(5).replace("/5", "/5?a")],
  [get(5).replace("/5", "/")],
  [get(5).replace("bytes", "none")],
  [get(5).replace("/bytes", "http://b/bytes")],
  [get(5).replace("GET", "PUT")],
  [get(5).replace("GET /bytes/5", "OPTIONS *")],
  [get(5, "Connection: close\r\n")],
  [`\r\n${get(5)}`],
  ["GET /bytes/4 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", hyper.old],
  ["GET /bytes/4 HTTP/1.0\r\n\r\n", hyper.old],
  [refused[400], hyper.hostless],
  [`${refused[413]}abc`, hyper.content],
  [refused[431], hyper.large],
  [refused[505], hyper.version],
  ["abc\r\n\r\n"],
  [get(5).replace(" /", "  /")],
  [get(5, " folded\r\n")],
];

/** The reply without its date: the first line, the fields in order, the length of the body. */
function replyTo(request: string, { port }: RunningServer): string {
  using connection = new Connection(port);
  connection.send(request);
  let head = "";
  for (let next = " "; next !== "" && !head.endsWith("\r\n\r\n"); head += next) {
    next = text(connection.receive(1));
  }
  const [line, ...fields] = head.trimEnd().split("\r\n");
  const kept = fields.map((field) => field.toLowerCase()).filter((field) => !/^date:/.test(field));
  const length = request.startsWith("HEAD")
    ? 0
    : Number(/^content-length: (.+)$/im.exec(head)?.[1]);
  return [line, ...kept.toSorted(), `${connection.receive(length).length} bytes`].join(", ");
}

Deno.test("deno-serve answers as the others do, but for what Deno answers by itself", async () => {
  await using server = await start("deno-serve");
  await using other = await start("iterative");
  let requests = 0;
  for (const [request, [line, why] = []] of compared) {
    const [found, expected] = [replyTo(request, server), replyTo(request, other)];
    const what = `${request.slice(0, 60)}: ${found}; ${expected}`;
    if (why === undefined) assertEquals(found, expected, what);
    else assertEquals([found.startsWith(`${line},`), found === expected], [true, false], what);
    if (!found.includes(" 400 ")) requests++;
  }
  const { report, code, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  // Nobody tells it of connections, nor of what it refuses.
  const { connections, rejected, requests: counted } = report!.children[0]!;
  assertEquals({ connections, rejected, counted }, {
    connections: null,
    rejected: 0,
    counted: requests,
  });
});

Deno.test("deno-serve works and waits for each request as long as it is to", {
  ignore: !isLong,
}, async () => {
  const time = { nanoseconds: 20_000_000, distribution: "fixed" } as const;
  const serviceTime = { work: time, wait: time, seed: 0 };
  await using server = await startServer("deno-serve", { service: "http", serviceTime });
  const begin = performance.now();
  for (let i = 0; i < 3; i++) assertMatch(replyTo(get(5), server), /5 bytes$/);
  assertGreater(performance.now() - begin, 3 * 40);
  assertGreater((await server.stop()).report!.cpu.total, 0.95 * 3 * 0.02);
});

/** What curl is asked for, and what it prints: the status, the bytes, the version. */
const curled: readonly [args: readonly string[], printed: string][] = [
  [["/bytes/4000"], "200 4000 1.1"],
  [["/bytes/4000", "--http1.0"], "200 4000 1.1"],
  [["/bytes/4000", "--head"], "200 0 1.1"],
  [["/bytes/16777216"], "200 16777216 1.1"],
  [["/bytes/16777217"], "404 0 1.1"],
  [["/nothing"], "404 0 1.1"],
  [["/bytes/5", "--request", "DELETE"], "405 0 1.1"],
  [["/bytes/5", "--data", "a=b"], "405 0 1.1"],
  [["/bytes/5", "--get", "--request", "GET", "--header", "Content-Length: 3"], "413 0 1.1"],
  [["/bytes/5", "--header", `A: ${"a".repeat(20_000)}`], "431 0 1.1"],
  [["/bytes/5", "--header", "Host:"], "400 0 1.1"],
];

/** Runs a program to its end; what it printed. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test({
  name: "curl gets every status",
  ignore: !isLong || (!succeeds("curl", "--version")),
  async fn() {
    await using server = await start("prefork-shared-accept");
    for (const [[path, ...args], printed] of curled) {
      const url = `http://127.0.0.1:${server.port}${path}`;
      const format = "%{http_code} %{size_download} %{http_version}";
      const found = await run(
        "curl",
        "-s",
        "-m",
        "20",
        "-o",
        "/dev/null",
        "-w",
        format,
        url,
        ...args,
      );
      assertEquals(found, printed, `${path} ${args.join(" ").slice(0, 60)}`);
    }
  },
});

/** A client of others: its arguments, and how it says that all went well, with how many requests. */
interface Other {
  readonly program: string;
  readonly args: (url: string, connections: string) => readonly string[];
  /** Requests answered. @throws if one failed. */
  readonly requests: (printed: string) => number;
}

function numberIn(printed: string, pattern: RegExp): number {
  const [, number] = pattern.exec(printed) ?? [];
  if (number === undefined) throw new Error(`no ${pattern} in ${printed}`);
  return Number(number);
}

const abRequests = (printed: string) => {
  assertMatch(printed, /^Failed requests: +0$/m);
  assertEquals(/Non-2xx/.test(printed), false);
  return numberIn(printed, /^Complete requests: +(\d+)$/m);
};

const others: Readonly<Record<string, Other>> = {
  "ab, a connection each": {
    program: "ab",
    args: (url, c) => ["-n", "150", "-c", c, url],
    requests: abRequests,
  },
  "ab -k": {
    program: "ab",
    args: (url, c) => ["-k", "-n", "2000", "-c", c, url],
    requests: abRequests,
  },
  "wrk": {
    program: "wrk",
    args: (url, c) => ["-t", "1", "-c", c, "-d", "1s", url],
    requests: (printed) => {
      assertEquals(/Socket errors|Non-2xx/.test(printed), false, printed);
      return numberIn(printed, /(\d+) requests in/);
    },
  },
  "autocannon": {
    program: "autocannon",
    args: (url, c) => ["--json", "-n", "-c", c, "-d", "1", url],
    requests: (printed) => {
      const { errors, timeouts, non2xx, "2xx": ok } = JSON.parse(printed);
      assertEquals({ errors, timeouts, non2xx }, { errors: 0, timeouts: 0, non2xx: 0 }, printed);
      return ok;
    },
  },
};

const hasProgram = Object.fromEntries(
  Object.values(others).map(({ program }) => [program, succeeds("which", program)]),
);

/** Has another client load the server on so many connections. */
async function loadBy(
  server: RunningServer,
  { program, args, requests }: Other,
  connections: number,
): Promise<void> {
  const url = `http://127.0.0.1:${server.port}/bytes/4000`;
  const printed = await run(program, ...args(url, `${connections}`));
  const answered = requests(printed);
  if (!(answered > 100)) throw new Error(`${program} made ${answered} requests: ${printed}`);
}

/**
 * Connections that surely are served at once. The iterative server comes to another only after the
 * first; and two may be dealt to the same child's socket while the other child is idle.
 */
function servesAtOnce(design: Design): number {
  const isOne = design.id === "iterative" || design.isSharded === true;
  return isOne && !servesMany(design) ? 1 : CHILDREN;
}

for (const design of reachableDesigns(false, "http")) {
  const { id } = design;
  for (const [name, other] of Object.entries(others)) {
    Deno.test({
      name: `${name} has no failed request with ${id} (a long test; ignored without the program)`,
      ignore: !isLong || !hasProgram[other.program],
      async fn() {
        await using server = await start(id);
        await loadBy(server, other, servesAtOnce(design));
        const { report } = await server.stop();
        assertEquals([sumOf(report, "lost"), sumOf(report, "rejected")], [0, 0]);
      },
    });
  }
}
