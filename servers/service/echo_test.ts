import { assertEquals } from "@std/assert";
import fc from "../testing/fast_check.ts";
import { EchoSession, LINE_LIMIT } from "./echo.ts";
import { BytesSession } from "./bytes.ts";
import type { Session } from "./service.ts";

/** Passes input to a session in fragments, takes its output in fragments, and returns that as text. */
function talk(session: Session, input: Uint8Array<ArrayBuffer>, sizes: number[]): string {
  const received: number[] = [];
  for (let at = 0, turn = 0; at < input.length && !session.rejected; turn++) {
    const length = sizes[turn % sizes.length]!;
    const fragment = input.slice(at, at + length);
    let due = session.receive(fragment, fragment.length);
    at += length;
    for (let i = turn; due > 0; i++) {
      const count = Math.min(due, sizes[i % sizes.length]!, session.outgoing.length);
      received.push(...session.outgoing.subarray(0, count));
      session.sent(count);
      due -= count;
    }
  }
  return new TextDecoder().decode(new Uint8Array(received));
}

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });

Deno.test("EchoSession sends each line back with its newline and a NUL, however fragmented", () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\n\0]/g, ""));
  fc.assert(fc.property(fc.array(line), line, fc.boolean(), sizes, (lines, rest, isC, sizes) => {
    // A C program sends the NUL of each string, too.
    const input = lines.map((line) => isC ? `${line}\n\0` : `${line}\n`).join("") + rest;
    const output = talk(new EchoSession(), new TextEncoder().encode(input), sizes);
    assertEquals(output, lines.map((line) => `${line}\n\0`).join(""));
  }));
});

Deno.test("EchoSession rejects a line that is too long, after echoing those before", () => {
  const [long, longer] = ["a".repeat(LINE_LIMIT - 1), "a".repeat(LINE_LIMIT + 1)];
  const input = new TextEncoder().encode(`one\n${long}\n${longer}`);
  const session = new EchoSession();
  assertEquals(talk(session, input, [1000]), `one\n\0${long}\n\0`);
  assertEquals(session.rejected, true);
});

Deno.test("BytesSession sends the sum of all requests, however fragmented", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 300 }));
  fc.assert(fc.property(counts, sizes, (counts, sizes) => {
    const input = new TextEncoder().encode(counts.map((count) => `${count}\n`).join(""));
    const session = new BytesSession();
    const due = counts.reduce((sum, count) => sum + count, 0);
    assertEquals(talk(session, input, sizes), "A".repeat(due));
    assertEquals(session.rejected, false);
  }));
});

Deno.test("BytesSession ignores what follows an invalid request", () => {
  for (const invalid of ["x", "\n", "0\n", "16777217\n", "123456789"]) {
    const session = new BytesSession();
    const input = new TextEncoder().encode(`2\n${invalid}3\n`);
    assertEquals([session.receive(input, input.length), session.rejected], [2, true], invalid);
  }
});
