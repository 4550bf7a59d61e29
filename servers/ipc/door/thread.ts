/**
 * A Worker as a thread of a pool, and how it talks with the thread that manages the pool.
 *
 * @module
 */
import { Calls } from "./calls.ts";
import type { Envelope, FromThread, ToThread } from "./thread_messages.ts";
import { useTable } from "./passing.ts";
import { Procedures } from "./procedures.ts";
import { Table } from "./table.ts";

/** Whether this is a thread of a pool. */
let isBound = false;

/**
 * Makes this Worker a thread of a pool, which answers calls until the pool ends. To be called first of
 * all in a module that `doorServerCreate` starts.
 *
 * @param prepare what is to be done before the thread takes calls.
 */
export async function doorBind(prepare?: () => Promise<void>): Promise<void> {
  const bound = Promise.withResolvers<ToThread & { kind: "bind" }>();
  const procedures = new Procedures();
  self.addEventListener("message", (event) => {
    const message = (event as MessageEvent<Partial<Envelope<ToThread>>>).data?.herdDoor;
    switch (message?.kind) {
      case "bind":
        return bound.resolve(message);
      case "define":
        return procedures.define(message.definition);
      case "forget":
        return procedures.forget(message.id);
      case "answer":
        return settle(message);
    }
  });
  const [told] = await Promise.all([bound.promise, prepare?.()]);
  const table = new Table(told.table);
  useTable(table);
  isBound = true;
  post({ kind: "ready" });
  await new Calls(table, told, procedures, post).serve();
  post({ kind: "ended" });
}

const asked = new Map<number, PromiseWithResolvers<unknown>>();
let count = 0;

/** Asks who manages the pool of this thread; undefined where this is none. */
export function askManager(
  name: string,
  ...args: readonly unknown[]
): Promise<unknown> | undefined {
  if (!isBound) return undefined;
  const answer = Promise.withResolvers<unknown>();
  const number = count++;
  asked.set(number, answer);
  post({ kind: "request", number, name, args });
  return answer.promise;
}

function settle({ to, value, error }: ToThread & { kind: "answer" }): void {
  const { resolve, reject } = asked.get(to)!;
  asked.delete(to);
  error ? reject(error) : resolve(value);
}

function post(message: FromThread): void {
  (self as unknown as Worker).postMessage({ herdDoor: message } satisfies Envelope<FromThread>);
}
