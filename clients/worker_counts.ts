/**
 * Connections by the name of the worker that served them, counted by all clients of a load in memory that they share.
 *
 * @module
 */
import type { Naming } from "../servers/transports/transport.ts";

/** Workers that each client can count, and bytes of a name: a longer one is cut. */
const [SLOTS, NAME_BYTES] = [1024, 60];
const SLOT_BYTES = 4 + NAME_BYTES;
const TABLE_BYTES = SLOTS * SLOT_BYTES;

/** The counts. Each process has a table, which it takes with its first connection. */
export class WorkerCounts implements Naming {
  readonly pattern: RegExp;
  readonly #memory: ArrayBuffer;
  readonly #tables: Int32Array;
  /** The slot of each name in the table of this process. */
  readonly #slots = new Map<string, Int32Array>();
  #table = -1;

  /** Bytes for so many clients. */
  static bytes(clients: number): number {
    return 8 + clients * TABLE_BYTES;
  }

  /** `pattern` is the source of a regular expression for lines, without regard to case. */
  constructor(pattern: string, memory: ArrayBuffer) {
    this.pattern = new RegExp(pattern, "im");
    this.#memory = memory;
    this.#tables = new Int32Array(memory, 0, 1);
  }

  count(name: string): void {
    const slot = this.#slots.get(name) ?? this.#take(name);
    if (slot) slot[0]!++;
  }

  /** Forgets what this process has counted. */
  reset(): void {
    for (const slot of this.#slots.values()) slot[0] = 0;
  }

  /** The connections of all clients by worker. */
  read(): ReadonlyMap<string, number> {
    const all = new Map<string, number>();
    const slots = this.#tables[0]! * SLOTS;
    for (let i = 0; i < slots; i++) {
      const at = 8 + i * SLOT_BYTES;
      const [count] = new Int32Array(this.#memory, at, 1);
      const bytes = new Uint8Array(this.#memory, at + 4, NAME_BYTES);
      const length = bytes.indexOf(0);
      const name = new TextDecoder().decode(bytes.slice(0, length === -1 ? NAME_BYTES : length));
      if (count! > 0) all.set(name, (all.get(name) ?? 0) + count!);
    }
    return all;
  }

  /** Undefined: there is no room for another worker, and the sum will show it. */
  #take(name: string): Int32Array | undefined {
    if (this.#table === -1) this.#table = Atomics.add(this.#tables, 0, 1);
    const index = this.#slots.size;
    const at = 8 + this.#table * TABLE_BYTES + index * SLOT_BYTES;
    if (index === SLOTS || at + SLOT_BYTES > this.#memory.byteLength) return undefined;
    new TextEncoder().encodeInto(name, new Uint8Array(this.#memory, at + 4, NAME_BYTES));
    const slot = new Int32Array(this.#memory, at, 1);
    this.#slots.set(name, slot);
    return slot;
  }
}
