import { assertEquals } from "@std/assert";
import { close, write } from "../posix/io.ts";
import { shutDownWrite, socketPair } from "../posix/sockets.ts";
import { httpRequests } from "./http_client.ts";
import { Failure } from "./transport.ts";

/** The results of requests on one connection, whose replies have all arrived but for the end of the last. */
function ask(bytes: number | null, ...replies: readonly string[]) {
  const { request, wrongReply } = httpRequests("/a", "b", bytes);
  const results = replies.map((reply) => {
    const [here, there] = socketPair();
    const sent = new TextEncoder().encode(reply);
    write(there, sent, sent.length);
    shutDownWrite(there);
    const result = request(here);
    [here, there].forEach(close);
    return result;
  });
  return { results, wrong: new TextDecoder().decode(wrongReply()) };
}

const reply = (length: number, fields = "", body = "A".repeat(length)) =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${length}\r\n\r\n${body}`;

Deno.test("httpRequests() takes replies with the same head and with another, of any length", () => {
  const dates = ["Date: 1\r\n", "Date: 1\r\n", "Date: 2\r\n", "Date: 10\r\n", "Date: 10\r\n"];
  assertEquals(ask(5, ...dates.map((date) => reply(5, date))).results, [0, 0, 0, 0, 0]);
  assertEquals(ask(null, ...[0, 5, 5, 70_000, 70_000, 0].map((length) => reply(length))).results, [
    ...[0, 0, 0, 0, 0, 0],
  ]);
  assertEquals(ask(0, reply(0), "HTTP/1.0 204 None\r\ncontent-length:0\r\n\r\n").results, [0, 0]);
});

Deno.test("httpRequests() detects wrong lengths, before and after it has learned the head", () => {
  const { shortReply, longReply, noLength } = Failure;
  const wrong = [
    reply(5, "", "AAAA"),
    reply(5, "", "AAAAAA"),
    reply(4),
    reply(6),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nAAAAA\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "",
  ];
  const results = [shortReply, longReply, shortReply, longReply, noLength, shortReply, shortReply];
  for (const [index, text] of wrong.entries()) {
    assertEquals(ask(5, text).results, [results[index]!], text);
    assertEquals(ask(5, reply(5), text, reply(5)).results, [0, results[index]!, 0], text);
  }
});

Deno.test("httpRequests() keeps the head of another status than success", () => {
  const missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  const { results, wrong } = ask(5, reply(5), missing, reply(5));
  assertEquals([results, wrong], [[0, Failure.noAnswer, 0], missing]);
  assertEquals(ask(5, "SSH-2.0-OpenSSH\r\n").wrong, "SSH-2.0-OpenSSH\r\n");
});
