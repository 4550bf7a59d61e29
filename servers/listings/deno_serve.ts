/**
 * Deno's own HTTP server: Deno.serve and a function for each request, as a user of Deno writes a web server.
 *
 * Deno's runtime (hyper, over Tokio) accepts, reads and parses in native code; V8 gets each request with its head read
 * and gives back a reply. What that saves, the objects of a request and a reply cost: expect about the CPU time of HTTP
 * over `deno_listen.ts`. The function is not told of connections: requests are counted in their place. Of what Deno
 * refuses by itself it tells nobody.
 *
 * @module
 */
import type { AsyncContext } from "../design.ts";
import type { Counter } from "../sessions.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";

let letters = new Uint8Array(0);

/** That many bytes: the start of the longest reply so far. */
function lettersOf(count: number): Uint8Array<ArrayBuffer> {
  if (count > letters.length) letters = new Uint8Array(count).fill("A".charCodeAt(0));
  return letters.subarray(0, count);
}

/** Serves all clients. */
export async function serve(
  { hostname, port, sessions: { counter }, spend, listening }: AsyncContext,
): Promise<void> {
  await Deno.serve({ hostname, port, onListen: listening }, (request) => {
    counter.open();
    return spend ? spend(1).then(() => reply(request, counter)) : reply(request, counter);
  }).finished;
}

/** The reply to a request, which counts now: Deno does not tell when the client has it. */
function reply({ method, url }: Request, counter: Counter): Response {
  counter.close(false, 1);
  if (method !== "GET" && method !== "HEAD") {
    return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
  }
  const count = Number(/^http:\/\/[^/]+\/bytes\/(\d+)$/.exec(url)?.[1]);
  return count <= REQUEST_LIMIT
    ? new Response(lettersOf(count), { headers: { "Content-Type": "text/plain" } })
    : new Response(null, { status: 404 });
}
