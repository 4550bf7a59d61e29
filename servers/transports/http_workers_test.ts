import { assertEquals } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { write } from "../posix/io.ts";
import { socketPair } from "../posix/sockets.ts";
import { NamedReplies, namedRequests } from "./http_workers.ts";
import { Failure, INCOMPLETE } from "./transport.ts";

const send = (peer: number, text: string) => {
  const bytes = new TextEncoder().encode(text);
  assertEquals(write(peer, bytes, bytes.length), bytes.length);
};

/** A reply whose head and body name a worker. */
const reply = (worker: string, body = `worker ${worker}`) =>
  `HTTP/1.1 200 OK\r\nX-Worker: ${worker}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** What counts names, and those that it has counted. */
function counting(pattern: RegExp) {
  const names: string[] = [];
  return { names, naming: { pattern, count: (name: string) => void names.push(name) } };
}

const HEADER = /^x-worker:[ \t]*(.*?)\r?$/im;

Deno.test("namedRequests() counts each connection once, at the worker of its first reply", () => {
  const [connection, peer] = socketPair();
  using _ = closing(connection, peer);
  const { names, naming } = counting(HEADER);
  const client = namedRequests("/", "host", 8, naming);
  for (const workers of [["7", "8"], ["9", "9"]]) {
    client.begin();
    for (const worker of workers) {
      send(peer, reply(worker));
      assertEquals(client.request(connection), 0);
    }
  }
  assertEquals(names, ["7", "9"]);
});

Deno.test("NamedReplies finds names in replies that arrive in pieces, also in their bodies", () => {
  const [connection, peer] = socketPair();
  using _ = closing(connection, peer);
  const { names, naming } = counting(/worker (\d+)$/im);
  const replies = new NamedReplies("/", "host", null, naming);
  replies.expect(3);
  const text = reply("12");
  for (let at = 0; at < text.length; at += 10) {
    send(peer, text.slice(at, at + 10));
    const isLast = at + 10 >= text.length;
    assertEquals(replies.receive(3, connection), isLast ? 0 : INCOMPLETE);
  }
  assertEquals(names, ["12"]);
});

Deno.test("NamedReplies counts no reply that is wrong, or names nobody", () => {
  const { names, naming } = counting(HEADER);
  const wrong: readonly (readonly [text: string, result: number])[] = [
    [reply("7").replace("X-Worker", "X-Other"), 0],
    [reply("7", "short"), Failure.shortReply],
    [`${reply("7")}more`, Failure.longReply],
    [reply("7").replace("200", "500"), Failure.noAnswer],
    [reply("7").replace("Content-Length", "X-Length"), Failure.noLength],
  ];
  for (const [text, result] of wrong) {
    const [connection, peer] = socketPair();
    using _ = closing(connection, peer);
    const replies = new NamedReplies("/", "host", 8, naming);
    send(peer, text);
    assertEquals(replies.request(connection), result, text);
  }
  assertEquals(names, []);
});
