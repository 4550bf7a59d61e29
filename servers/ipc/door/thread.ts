/**
 * A Worker as a thread of a pool, and its messages with the thread that manages the pool.
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
 * Makes this Worker a thread of a pool and answers calls until the pool ends. A module started by
 * `doorServerCreate` must call it first.
 *
 * @param prepare is run before the thread accepts calls.
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
        return resolveRequest(message);
    }
  });
  const [binding] = await Promise.all([bound.promise, prepare?.()]);
  const table = new Table(binding.table);
  useTable(table);
  isBound = true;
  post({ kind: "ready" });
  await new Calls(table, binding, procedures, post).serve();
  post({ kind: "ended" });
}

const pending = new Map<number, PromiseWithResolvers<unknown>>();
let count = 0;

/** Sends a request to the manager of this thread's pool; undefined if this thread is not in a pool. */
export function requestManager(
  name: string,
  ...args: readonly unknown[]
): Promise<unknown> | undefined {
  if (!isBound) return undefined;
  const answer = Promise.withResolvers<unknown>();
  const number = count++;
  pending.set(number, answer);
  post({ kind: "request", number, name, args });
  return answer.promise;
}

function resolveRequest({ to, value, error }: ToThread & { kind: "answer" }): void {
  const { resolve, reject } = pending.get(to)!;
  pending.delete(to);
  error ? reject(error) : resolve(value);
}

function post(message: FromThread): void {
  (self as unknown as Worker).postMessage({ herdDoor: message } satisfies Envelope<FromThread>);
}
