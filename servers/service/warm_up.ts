/**
 * Warm-up of the service on socket pairs.
 *
 * @module
 */
import { close, write } from "../posix/io.ts";
import { shutDownWrite, socketPair } from "../posix/sockets.ts";

/** Runs `serve` on that many connections, each with one request waiting, for V8 to compile it. */
export function warmUp(times: number, request: string, serve: (connection: number) => void): void {
  const line = new TextEncoder().encode(request);
  for (let i = 0; i < times; i++) {
    const [client, server] = socketPair();
    write(client, line, line.length);
    shutDownWrite(client);
    serve(server);
    close(client);
  }
}
