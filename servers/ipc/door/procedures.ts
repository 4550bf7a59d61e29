/**
 * The procedures of a thread, loaded on use.
 *
 * @module
 */
import type { LoadedProcedure } from "./procedure.ts";
import type { DoorDefinition } from "./thread_messages.ts";

/** Procedures by the id of their door. */
export class Procedures {
  readonly #definitions = new Map<number, DoorDefinition>();
  readonly #loaded = new Map<number, LoadedProcedure>();
  #defined = Promise.withResolvers<void>();

  /** Adds the definition of a door, sent by the manager. */
  define(definition: DoorDefinition): void {
    this.#definitions.set(definition.id, definition);
    this.#defined.resolve();
    this.#defined = Promise.withResolvers();
  }

  /** Removes a door that was revoked. */
  forget(id: number): void {
    this.#definitions.delete(id);
    this.#loaded.delete(id);
  }

  /** The procedure of a door; undefined if it is not loaded. */
  get(id: number): LoadedProcedure | undefined {
    return this.#loaded.get(id);
  }

  /** Loads a procedure. @throws {TypeError} if the module cannot be loaded or has no procedure. */
  async load(id: number): Promise<LoadedProcedure> {
    // The definition was sent before the door could be called, but messages only arrive while awaiting.
    while (!this.#definitions.has(id)) await this.#defined.promise;
    const { procedure: url, cookie } = this.#definitions.get(id)!;
    const { default: procedure } = await import(url);
    if (typeof procedure !== "function") {
      throw new TypeError(`Cannot run ${url} as a procedure: its default export is not a function`);
    }
    const loaded = { procedure, cookie };
    this.#loaded.set(id, loaded);
    return loaded;
  }
}
