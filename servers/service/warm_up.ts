/**
 * Warm-up of the service on socket pairs.
 *
 * @module
 */
import { close, write } from "../posix/io.ts";
import { shutDownWrite, socketPair } from "../posix/sockets.ts";

/** Runs `serve` on that many connections, each with one request waiting, for V8 to compile it. */
export function warmUp(
  times: number,
  examples: readonly string[],
  serve: (connection: number) => void,
): void {
  for (let i = 0; i < times; i++) {
    const [client, server] = socketPair();
    sendExample(client, examples, i);
    shutDownWrite(client);
    serve(server);
    close(client);
  }
}

/** Sends one of the examples, each in its turn. */
export function sendExample(client: number, examples: readonly string[], turn: number): void {
  const bytes = new TextEncoder().encode(examples[turn % examples.length]);
  write(client, bytes, bytes.length);
}
