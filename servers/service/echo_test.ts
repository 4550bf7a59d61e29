import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Echo, LINE_LIMIT } from "./echo.ts";
import { type Conversation, Requests } from "./bytes.ts";

/** Lets a client say that in pieces, and fetches what it is owed in pieces; all of it as text. */
function hold(conversation: Conversation, said: Uint8Array<ArrayBuffer>, pieces: number[]): string {
  const received: number[] = [];
  for (let at = 0, turn = 0; at < said.length && !conversation.refused; turn++) {
    const length = pieces[turn % pieces.length]!;
    const piece = said.slice(at, at + length);
    let owed = conversation.take(piece, piece.length);
    at += length;
    for (let fetch = turn; owed > 0; fetch++) {
      const count = Math.min(owed, pieces[fetch % pieces.length]!, conversation.outgoing.length);
      received.push(...conversation.outgoing.subarray(0, count));
      conversation.sent(count);
      owed -= count;
    }
  }
  return new TextDecoder().decode(new Uint8Array(received));
}

const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });

Deno.test("Echo gives each line back with its newline and a NUL, whatever the pieces", () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\n\0]/g, ""));
  fc.assert(fc.property(fc.array(line), line, fc.boolean(), pieces, (lines, rest, isC, pieces) => {
    // A C program sends the NUL of each string, too.
    const said = lines.map((line) => isC ? `${line}\n\0` : `${line}\n`).join("") + rest;
    const answer = hold(new Echo(), new TextEncoder().encode(said), pieces);
    assertEquals(answer, lines.map((line) => `${line}\n\0`).join(""));
  }));
});

Deno.test("Echo refuses a line that is too long, having answered those before", () => {
  const [long, longer] = ["a".repeat(LINE_LIMIT - 1), "a".repeat(LINE_LIMIT + 1)];
  const said = new TextEncoder().encode(`one\n${long}\n${longer}`);
  const echo = new Echo();
  assertEquals(hold(echo, said, [1000]), `one\n\0${long}\n\0`);
  assertEquals(echo.refused, true);
});

Deno.test("Requests owes what all requests ask for, whatever the pieces", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 300 }));
  fc.assert(fc.property(counts, pieces, (counts, pieces) => {
    const said = new TextEncoder().encode(counts.map((count) => `${count}\n`).join(""));
    const requests = new Requests();
    const owed = counts.reduce((sum, count) => sum + count, 0);
    assertEquals(hold(requests, said, pieces), "A".repeat(owed));
    assertEquals(requests.refused, false);
  }));
});

Deno.test("Requests takes nothing behind one it refuses", () => {
  for (const odd of ["x", "\n", "0\n", "16777217\n", "123456789"]) {
    const requests = new Requests();
    const said = new TextEncoder().encode(`2\n${odd}3\n`);
    assertEquals([requests.take(said, said.length), requests.refused], [2, true], odd);
  }
});
