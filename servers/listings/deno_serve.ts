/**
 * Deno's own HTTP server: Deno.serve and a function for each request, as a user of Deno writes a web server.
 *
 * Deno's runtime (hyper, over Tokio) accepts, reads and parses in native code; V8 gets each request with its head read
 * and gives back a reply. So expect less CPU time for a request than with HTTP over `deno_listen.ts`. The function is
 * not told of connections: requests are counted in their place. Of what it refuses by itself it tells nobody.
 *
 * @module
 */
import type { AsyncContext } from "../design.ts";
import type { Counter } from "../sessions.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";

const page = new Uint8Array(REQUEST_LIMIT).fill("A".charCodeAt(0));

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
    ? new Response(page.subarray(0, count), { headers: { "Content-Type": "text/plain" } })
    : new Response(null, { status: 404 });
}
