/**
 * The procedures that a thread has loaded, or may have to.
 *
 * @module
 */
import type { Loaded } from "./procedure.ts";
import type { Definition } from "./thread_messages.ts";

/** Procedures, by the id of their door. */
export class Procedures {
  readonly #definitions = new Map<number, Definition>();
  readonly #loaded = new Map<number, Loaded>();
  #heard = Promise.withResolvers<void>();

  /** The manager tells of a door. */
  define(definition: Definition): void {
    this.#definitions.set(definition.id, definition);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  /** The door is gone. */
  forget(id: number): void {
    this.#definitions.delete(id);
    this.#loaded.delete(id);
  }

  /** The procedure of a door, where it is loaded. */
  get(id: number): Loaded | undefined {
    return this.#loaded.get(id);
  }

  /** Loads it. @throws {TypeError} where that cannot be. */
  async load(id: number): Promise<Loaded> {
    // The definition was sent before the door could be called, but messages only come when awaited.
    while (!this.#definitions.has(id)) await this.#heard.promise;
    const { procedure: url, cookie } = this.#definitions.get(id)!;
    const { default: procedure } = await import(url);
    if (typeof procedure !== "function") {
      throw new TypeError(`Cannot run ${url} as a procedure: its default export is no function`);
    }
    const loaded = { procedure, cookie };
    this.#loaded.set(id, loaded);
    return loaded;
  }
}
