/**
 * The output of an sserver with `--verbose`: its connections and messages.
 *
 * @module
 */
import { dialog, say } from "../children/dialog.ts";
import type { Session } from "../service/service.ts";
import type { Observer } from "./multiplex.ts";

/** Prints events, and passes them to another observer. */
export class Transcript implements Observer {
  readonly #cpu: number;
  readonly #inner: Observer;
  /** The incomplete line of each client. */
  readonly #incomplete = new Map<number, Message>();

  constructor(cpu: number, inner: Observer) {
    this.#cpu = cpu;
    this.#inner = inner;
  }

  opened(fd: number): void {
    this.#inner.opened(fd);
    this.#incomplete.set(fd, { decoder: new TextDecoder(), text: "" });
    say(dialog.opened(this.#cpu, fd));
  }

  received(fd: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#inner.received(fd, bytes, length);
    const message = this.#incomplete.get(fd)!;
    message.text += message.decoder.decode(bytes.subarray(0, length), { stream: true });
    const lines = message.text.split("\n");
    message.text = lines.pop()!;
    for (const line of lines) say(dialog.received(this.#cpu, fd, printable(line)));
  }

  closed(fd: number, session: Session): void {
    this.#inner.closed(fd, session);
    this.#incomplete.delete(fd);
    say(dialog.closed(this.#cpu, fd));
  }
}

interface Message {
  readonly decoder: TextDecoder;
  text: string;
}

/** Removes control characters, which a terminal would interpret. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "");
}
