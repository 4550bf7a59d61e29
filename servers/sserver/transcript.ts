/**
 * What a server of slaunch says with `--verbose` of its connections and messages.
 *
 * @module
 */
import { dialog, say } from "../children/dialog.ts";
import type { Observer } from "./multiplex.ts";

/** Tells of connections and messages, and passes on what it hears. */
export class Transcript implements Observer {
  readonly #cpu: number;
  readonly #inner: Observer;
  /** What each client has sent of a message whose end has not come. */
  readonly #begun = new Map<number, Message>();

  constructor(cpu: number, inner: Observer) {
    this.#cpu = cpu;
    this.#inner = inner;
  }

  opened(fd: number): void {
    this.#inner.opened(fd);
    this.#begun.set(fd, { decoder: new TextDecoder(), text: "" });
    say(dialog.opened(this.#cpu, fd));
  }

  received(fd: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#inner.received(fd, bytes, length);
    const message = this.#begun.get(fd)!;
    message.text += message.decoder.decode(bytes.subarray(0, length), { stream: true });
    const lines = message.text.split("\n");
    message.text = lines.pop()!;
    for (const line of lines) say(dialog.received(this.#cpu, fd, printable(line)));
  }

  closed(fd: number, refused: boolean): void {
    this.#inner.closed(fd, refused);
    this.#begun.delete(fd);
    say(dialog.closed(this.#cpu, fd));
  }
}

interface Message {
  readonly decoder: TextDecoder;
  text: string;
}

/** Without control characters, which a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "");
}
