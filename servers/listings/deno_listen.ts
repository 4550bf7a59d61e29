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
import { Errno, isShortage, RETRY_MS, SystemError } from "../posix/errors.ts";
import type { Session } from "../sessions.ts";

/** Serves all clients. */
export async function serve(context: AsyncContext): Promise<void> {
  const listener = Deno.listen(context);
  context.listening();
  for (;;) {
    const connection = await listener.accept().catch(waitOrForgive);
    if (connection) converse(connection, context);
  }
}

/** Serves one client until it closes or sends an invalid request. */
async function converse(connection: Deno.TcpConn, { sessions, spend }: AsyncContext) {
  const { start, counter } = sessions;
  const session = start();
  const input = new Uint8Array(4096);
  counter.open();
  try {
    for (let length; !session.isOver && (length = await connection.read(input)) !== null;) {
      const before = session.requests;
      const due = session.receive(input, length);
      if (spend && session.requests > before) await spend(session.requests - before);
      await reply(connection, session, due);
    }
    if (session.isOver) await finish(connection, input);
  } catch (error) {
    forgiveDisconnect(error);
  } finally {
    connection.close();
    counter.close(session.rejected, session.requests);
  }
}

const { ConnectionReset, BrokenPipe, NotConnected } = Deno.errors;
const DISCONNECTS = [ConnectionReset, BrokenPipe, NotConnected];

/** Forgives a client that has gone, as it may before it is accepted. */
function forgiveDisconnect(error: unknown): void {
  if (!DISCONNECTS.some((disconnect) => error instanceof disconnect)) throw error;
}

/** In a shortage of descriptors a client waits, as in all designs, while the others are served. */
async function waitOrForgive(error: unknown): Promise<void> {
  const number = (Errno as Record<string, number>)[(error as SystemError).code];
  const known = number && new SystemError("accept", "accept a connection", number);
  if (!isShortage(known)) return forgiveDisconnect(error);
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

/** Sends what is due. */
async function reply(connection: Deno.TcpConn, session: Session, due: number): Promise<void> {
  for (let left = due; left > 0;) {
    const count = await connection.write(session.outgoing.subarray(0, left));
    session.sent(count);
    left -= count;
  }
}

/** Says that there is no more to come, and discards what the client still sends: the kernel would reset it. */
async function finish(connection: Deno.TcpConn, input: Uint8Array): Promise<void> {
  await connection.closeWrite();
  while (await connection.read(input) !== null);
}
