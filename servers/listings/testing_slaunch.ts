/**
 * What the tests of slaunch share.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Launch } from "../children/launch.ts";
import { childrenOf, readText } from "../posix/files.ts";
import { affinity } from "../posix/processes.ts";
import { Connection } from "../testing/client.ts";
import { type RunningServer, startServer } from "../testing/server.ts";

/** Processors that each have a server. */
export const CPUS = affinity();

/** Place in the pool of the server that gets the nth connection, from 0: the index moves on before. */
export const placeOf = (n: number) => (n + 1) % CPUS.length;

/** Starts a launcher, and waits until it is ready. */
export const launch = (launch: Partial<Launch> = {}) => startServer("slaunch", { launch });

/** The processes of a server: its launcher, and its sservers in the order of their processors. */
export function processesOf(server: RunningServer): { launcher: number; sservers: number[] } {
  const launcher = childrenOf(server.pid)[0]!;
  return { launcher, sservers: childrenOf(launcher) };
}

/** The processor that a process ran on last: field 39 of its line in /proc (proc_pid_stat(5)). */
export function processorOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[39 - 3]);
}

/** Clients that stay connected until the end of the block that uses them. */
export class Clients implements Disposable {
  readonly #stack = new DisposableStack();
  readonly all: Connection[] = [];

  constructor(readonly port: number) {}

  /** One more, which asks for so many bytes. */
  add(bytes: number): Connection {
    const client = this.#stack.use(new Connection(this.port));
    client.send(`${bytes}\n`);
    this.all.push(client);
    return client;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** Ends a server; the counts of its children. */
export async function countsOf(
  server: RunningServer,
): Promise<Record<"connections" | "given" | "lost", number[]>> {
  const { code, report, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const counts = (name: "connections" | "given" | "lost") =>
    report!.children.map((child) => child[name]!);
  return { connections: counts("connections"), given: counts("given"), lost: counts("lost") };
}

/** All together. */
export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
