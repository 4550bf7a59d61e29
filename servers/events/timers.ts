/**
 * Timers of many connections: a binary heap, in which adding and taking one costs the logarithm of their number.
 *
 * @module
 */

/** Each connection may have a timer. */
export class Timers {
  #times = new Float64Array(16);
  #connections = new Int32Array(16);
  #size = 0;

  /** When the first one expires; Infinity without any. */
  get next(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /** Sets the timer of a connection, in nanoseconds since boot. */
  add(time: number, connection: number): void {
    if (this.#size === this.#times.length) this.#grow();
    let at = this.#size++;
    for (let parent; at > 0 && this.#times[parent = (at - 1) >> 1]! > time; at = parent) {
      this.#move(parent, at);
    }
    this.#set(at, time, connection);
  }

  /** Takes the first timer, if it has expired; returns its connection, or −1. */
  take(now: number): number {
    if (this.#size === 0 || this.#times[0]! > now) return -1;
    const connection = this.#connections[0]!;
    const last = --this.#size;
    const time = this.#times[last]!;
    let at = 0;
    for (let child; (child = 2 * at + 1) < last; at = child) {
      if (child + 1 < last && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#move(child, at);
    }
    this.#set(at, time, this.#connections[last]!);
    return connection;
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from]!, this.#connections[from]!);
  }

  #set(at: number, time: number, connection: number): void {
    this.#times[at] = time;
    this.#connections[at] = connection;
  }

  #grow(): void {
    const [times, connections] = [this.#times, this.#connections];
    this.#times = new Float64Array(2 * times.length);
    this.#times.set(times);
    this.#connections = new Int32Array(2 * connections.length);
    this.#connections.set(connections);
  }
}
