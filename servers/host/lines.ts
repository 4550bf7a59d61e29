/**
 * Splits text into lines.
 *
 * @module
 */

/** The lines of UTF-8 text that comes in chunks; the last may lack its newline. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
  text += decoder.decode();
  if (text !== "") yield text;
}

/** The chunks of standard input. `Deno.stdin.readable` would take 30 ms of CPU time to load Deno's streams. */
export async function* standardInput(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const buffer = new Uint8Array(4096);
  for (let length; (length = await Deno.stdin.read(buffer)) !== null;) {
    yield buffer.subarray(0, length);
  }
}
