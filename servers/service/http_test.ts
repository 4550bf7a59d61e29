import { assertEquals, assertGreater } from "@std/assert";
import { Connection } from "../testing/client.ts";
import { Random } from "../testing/fuzz.ts";
import { isLong } from "../testing/long.ts";
import { hasNode, startNode } from "../testing/node_http.ts";
import { REQUEST_LIMIT } from "./bytes.ts";
import { HttpSession } from "./http.ts";
import { HEAD_LIMIT } from "./http_parser.ts";

const SEED = 18;
const CASES = isLong ? 10_000 : 200;

/** All that a session sends for an input in fragments, as a server would pass and take it. */
function answerTo(
  text: string,
  size: () => number = () => 4096,
  session = new HttpSession(),
): Uint8Array<ArrayBuffer> {
  const input = latin(text);
  const sent: Uint8Array[] = [];
  for (let at = 0; at < input.length && !session.isOver;) {
    const fragment = input.slice(at, at += size());
    for (let due = session.receive(fragment, fragment.length); due > 0;) {
      const count = Math.min(due, session.outgoing.length, size());
      sent.push(session.outgoing.slice(0, count));
      session.sent(count);
      due -= count;
    }
  }
  return joined(sent);
}

/** The bytes of a text, one each. */
function latin(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A reply, without what servers may differ in. */
interface Reply {
  readonly status: number;
  readonly length: number;
  readonly closes: boolean;
}

/** The replies in a stream, to requests that were HEADs in these places. */
function parse(bytes: Uint8Array, isHead: (index: number) => boolean): Reply[] {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const replies: Reply[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n\r\n", at) + 4;
    const head = text.slice(at, end);
    const [, status] = /^HTTP\/1\.1 (\d+) /.exec(head) ?? [];
    const length = Number(/^Content-Length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
    const closes = /^Connection: close\r$/im.test(head);
    replies.push({ status: Number(status ?? NaN), length, closes });
    if (status === undefined) break;
    // Where a Host is missing, Node sends an empty body in chunks.
    const body = head.includes("Transfer-Encoding: chunked") ? "0\r\n\r\n".length : length;
    at = end + (isHead(replies.length - 1) ? 0 : body);
    if (at > text.length) replies.push({ status: NaN, length: text.length - at, closes });
  }
  return replies;
}

const host = "Host: a\r\n";

/** What is wrong or right, and the statuses of the replies. */
const requests: readonly [text: string, ...statuses: number[]][] = [
  [`GET /bytes/5 HTTP/1.1\r\n${host}\r\n`, 200],
  [`HEAD /bytes/5 HTTP/1.1\r\n${host}\r\n`, 200],
  [`\r\nGET /bytes/0 HTTP/1.1\r\n${host}\r\n`, 200],
  [`GET http://a:80/bytes/5 HTTP/1.1\r\n${host}\r\n`, 200],
  [`GET /bytes/5 HTTP/1.1\r\nhOST:a\r\nContent-Length: 0 \r\n\r\n`, 200],
  ["GET /bytes/5 HTTP/1.0\r\n\r\n", 200],
  [`GET /bytes/${REQUEST_LIMIT + 1} HTTP/1.1\r\n${host}\r\n`, 404],
  [`GET /bytes/123456789 HTTP/1.1\r\n${host}\r\n`, 404],
  [`GET /bytes/ HTTP/1.1\r\n${host}\r\n`, 404],
  [`GET /bytes/5x HTTP/1.1\r\n${host}\r\n`, 404],
  [`GET /bytes HTTP/1.1\r\n${host}\r\n`, 404],
  [`GET / HTTP/1.1\r\n${host}\r\n`, 404],
  [`POST /bytes/5 HTTP/1.1\r\n${host}\r\n`, 405],
  [`get /bytes/5 HTTP/1.1\r\n${host}\r\n`, 405],
  [`OPTIONS * HTTP/1.1\r\n${host}\r\n`, 405],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\n`, 413],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, 413],
  [`GET /bytes/5 HTTP/1.1\r\n${host}A: ${"a".repeat(HEAD_LIMIT)}\r\n\r\n`, 431],
  [`GET /${"a".repeat(HEAD_LIMIT)}`, 431],
  [`GET /bytes/5 HTTP/2.0\r\n${host}\r\n`, 505],
  [`GET /bytes/5 HTTP/1.2\r\n${host}\r\n`, 505],
  ["GET /bytes/5 HTTP/1.1\r\n\r\n", 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}${host}\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\n${host}\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\nHost: a\n\r\n`, 400],
  [`GET  /bytes/5 HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET /bytes/5  HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET bytes/5 HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET http:///bytes/5 HTTP/1.1\r\n${host}\r\n`, 400],
  [`GET /bytes/5 http/1.1\r\n${host}\r\n`, 400],
  [`GET /bytes/5\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host} b\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}: b\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}A: \x01\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Content-Length: 1x\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Content-Length: 1 1\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`, 400],
  [`GET /bytes/5 HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`, 400],
  [
    `GET /bytes/5 HTTP/1.1\r\n${host}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    400,
  ],
  ["\x16\x03\x01", 400],
];

Deno.test("HttpSession answers each kind of request, whole or byte by byte", () => {
  for (const [text, ...statuses] of requests) {
    for (const size of [1, 4096]) {
      const session = new HttpSession();
      const replies = parse(
        answerTo(text, () => size, session),
        () => text.startsWith("HEAD"),
      );
      assertEquals(replies.map(({ status }) => status), statuses, JSON.stringify(text));
      const isRefused = ![200, 404, 405].includes(statuses[0]!);
      assertEquals([session.rejected, session.requests], [isRefused, isRefused ? 0 : 1], text);
      assertEquals(replies[0]!.closes, session.isOver);
    }
  }
});

Deno.test("HttpSession keeps a connection as the version and the client say", () => {
  const connections: readonly [version: string, option: string, says: string | undefined][] = [
    ["1.1", "", undefined],
    ["1.1", "Connection: keep-alive\r\n", undefined],
    ["1.1", "Connection: close\r\n", "close"],
    ["1.1", "Connection: TE, CLOSE\r\n", "close"],
    ["1.1", "Connection: closed\r\n", undefined],
    ["1.1", "Connection: clo se\r\n", undefined],
    ["1.1", "Connection: keep-alive , close\r\n", "close"],
    ["1.0", "", "close"],
    ["1.0", "Connection: Keep-Alive\r\n", "keep-alive"],
    ["1.0", "Connection: close, keep-alive\r\n", "close"],
  ];
  for (const [version, option, says] of connections) {
    const text = `GET /bytes/1 HTTP/${version}\r\n${host}${option}\r\n`;
    const session = new HttpSession();
    const reply = new TextDecoder().decode(answerTo(text, undefined, session));
    assertEquals(/^Connection: (.+)\r$/m.exec(reply)?.[1], says, text);
    assertEquals(session.isOver, says === "close");
  }
});

Deno.test("HttpSession sends exactly these bytes, for replies of any length and in any order", () => {
  const session = new HttpSession();
  for (const count of [4000, 5, 65536, 0, 70_000, 10, 9, 4000]) {
    const text = `GET /bytes/${count} HTTP/1.1\r\n${host}\r\n`;
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" +
      `Content-Length: ${count}\r\n\r\n`;
    const reply = new TextDecoder().decode(answerTo(text, undefined, session));
    assertEquals(reply === head + "A".repeat(count), true, `${count} bytes`);
    const none = answerTo(text.replace("GET", "HEAD"), undefined, session);
    assertEquals(new TextDecoder().decode(none), head);
  }
});

/** Requests that are right, wrong, and everything between. */
class Generator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Up to four pipelined requests; in one of three cases with a byte changed, left out or put in. */
  stream(): string {
    const count = 1 + this.#random.below(4);
    const text = Array.from({ length: count }, () => this.#request()).join("");
    return this.#random.once(3) ? this.#broken(text) : text;
  }

  #broken(text: string): string {
    const at = this.#random.below(text.length);
    const byte = this.#random.pick([..."\r\n\t :,/0aZ\x00\x7f\x80\xff", ""]);
    return text.slice(0, at) + byte + text.slice(at + this.#random.below(2));
  }

  #request(): string {
    const random = this.#random;
    const method = random.pick(["GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS"]);
    const target = random.pick([
      ...["/bytes/5", "/bytes/4000", "/bytes/0", "/bytes/70000", "/bytes/007", "/", "/bytes/"],
      ...["http://a/bytes/3", "/bytes/5?a=b", "/a%20b", "/bytes/999999999", "/bytes/4567890123"],
    ]);
    const version = random.pick(["1.1", "1.1", "1.1", "1.1", "1.0"]);
    const fields = Array.from({ length: random.below(5) }, () => this.#field());
    if (!random.once(12)) fields.splice(random.below(fields.length + 1), 0, "Host: a");
    return `${method} ${target} HTTP/${version}\r\n${fields.map((f) => f + "\r\n").join("")}\r\n`;
  }

  #field(): string {
    const random = this.#random;
    const name = random.pick([
      ...[
        "Connection",
        "Accept",
        "content-length",
        "CONNECTION",
        "X",
        "User-Agent",
        "Hos",
        "Hosts",
      ],
      ...["connect", "connections", "Content-Type", "transfer", "Keep-Alive"],
    ]);
    const value = /^content-length$/i.test(name)
      ? random.pick(["0", "0", "0", "00", "", "-1", "1x", "0, 0", "+0", "0x0"])
      : random.pick([
        "close",
        "keep-alive",
        "Close",
        "TE",
        "a,close",
        "close, b",
        "",
        "\x80",
        "a b",
      ]);
    return `${name}:${random.pick(["", " ", "\t", "  "])}${value}${random.pick(["", " "])}`;
  }
}

/** All that a server sends for an input. */
function askServer(port: number, text: string): Uint8Array<ArrayBuffer> {
  using connection = new Connection(port);
  connection.sendBytes(latin(text));
  connection.shutDownWrite();
  return connection.receive(2 ** 20);
}

/** Where Node departs from the RFC. */
const departures = [
  /^(content-length|connection):.*\S.*\t/im, // it takes no tab behind a value
  /^[A-Z]+ [^ ]*\r\n/m, // it takes a line without a version, as HTTP/0.9
  /^[A-Z]+ {2}| {2}HTTP\//m, // it takes two spaces
  /^[A-Z]+ (?!http:)[a-z]+:/m, // it takes any scheme
  /^(?!(GET|HEAD|POST|DELETE|OPTIONS) ).+ HTTP\/1/m, // it refuses methods that it does not know
  // It keeps a connection of HTTP/1.0 that is to be closed and kept (RFC 9112, 9.3).
  /HTTP\/1\.0\r\n(?=(.+\r\n)*connection:.*close)(?=(.+\r\n)*connection:.*keep-alive)/i,
];

/** What is compared: both refuse, or both reply alike. */
function comparable({ status, length, closes }: Reply): string {
  if (closes && [400, 413, 431, 505].includes(status)) return "refused";
  return `${status} ${length}${closes ? " close" : ""}`;
}

/** Where the requests of a text end, as far as they are complete, and whether the last is refused. */
function endsOf(text: string): { ends: readonly number[]; isRefused: boolean } {
  const session = new HttpSession();
  const input = latin(text);
  const ends = [0];
  for (let at = 0; at < input.length && !session.isOver; at++) {
    const due = session.receive(input.subarray(at, at + 1), 1);
    if (due > 0) ends.push(at + 1);
    for (let left = due; left > 0;) {
      const count = Math.min(left, session.outgoing.length);
      session.sent(count);
      left -= count;
    }
  }
  return { ends, isRefused: session.rejected };
}

Deno.test({
  name: `HttpSession reads ${CASES} random requests as Node does, however fragmented`,
  ignore: !hasNode,
  async fn() {
    await using node = await startNode();
    const random = new Random(SEED);
    const generator = new Generator(random);
    let [served, refused] = [0, 0];
    for (let i = 0; i < CASES; i++) {
      const text = generator.stream();
      if (departures.some((pattern) => pattern.test(text))) continue;
      const { ends, isRefused } = endsOf(text);
      const starts = ends.slice(0, -1);
      const isHead = (index: number) => text.slice(starts[index]).trimStart().startsWith("HEAD ");
      const most = random.pick([1, 7, 100, 4096]);
      const ours = parse(answerTo(text, () => 1 + random.below(most)), isHead).map(comparable);
      assertEquals(ours.length, starts.length);
      // Node may forget replies before a refusal: those are asked for first, and the refused request by itself.
      const end = isRefused ? starts.at(-1)! : ends.at(-1)!;
      const ask = (text: string, first = 0) =>
        parse(askServer(node.port, text), (index) => isHead(first + index)).map(comparable);
      const theirs = end === 0 ? [] : ask(text.slice(0, end));
      if (isRefused) theirs.push(...ask(text.slice(end), starts.length - 1));
      assertEquals(ours, theirs, JSON.stringify(text));
      served += end > 0 ? 1 : 0;
      refused += isRefused ? 1 : 0;
    }
    // The generator makes both kinds.
    assertGreater(served, CASES / 10);
    assertGreater(refused, CASES / 10);
  },
});
