/**
 * Deno's own event loop: Deno.listen and an asynchronous function for each client, as a user of Deno writes a TCP server.
 *
 * One thread runs all functions. Underneath Deno's runtime waits in epoll (Tokio), as `event_loop.ts` does, and each
 * step of a client is a promise, which is resolved by a trip from the runtime to V8. Expect several times the CPU time
 * of `event-epoll` for the same system calls, and the memory of a whole Deno.
 *
 * @module
 */
import type { AsyncContext } from "../design.ts";
import type { Session, Sessions, Times } from "../sessions.ts";

/** Serves all clients. */
export async function serve(
  { hostname, port, sessions, listening }: AsyncContext,
): Promise<void> {
  const listener = Deno.listen({ hostname, port });
  listening();
  for await (const connection of listener) converse(connection, sessions);
}

/** Serves one client until it closes or sends an invalid request. */
async function converse(connection: Deno.TcpConn, { start, counter, times }: Sessions) {
  const session = start();
  const input = new Uint8Array(4096);
  counter.open();
  try {
    for (let length; !session.isOver && (length = await connection.read(input)) !== null;) {
      const before = session.requests;
      const due = session.receive(input, length);
      if (times !== undefined) await spend(times, session.requests - before);
      await reply(connection, session, due);
    }
    if (session.isOver) await finish(connection, input);
  } catch (error) {
    if (!DISCONNECTS.some((disconnect) => error instanceof disconnect)) throw error;
  } finally {
    connection.close();
    counter.close(session.rejected, session.requests);
  }
}

const DISCONNECTS = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe];

/** Sends what is due. */
async function reply(connection: Deno.TcpConn, session: Session, due: number): Promise<void> {
  for (let left = due; left > 0;) {
    const count = await connection.write(session.outgoing.subarray(0, left));
    session.sent(count);
    left -= count;
  }
}

/** Works and waits for so many requests. Meanwhile others are served, but not during the work. */
async function spend(times: Times, requests: number): Promise<void> {
  if (requests === 0) return;
  times.work(requests);
  const milliseconds = times.waitFor(requests) / 1e6;
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Says that there is no more to come, and discards what the client still sends: the kernel would reset it. */
async function finish(connection: Deno.TcpConn, input: Uint8Array): Promise<void> {
  await connection.closeWrite();
  while (await connection.read(input) !== null);
}
