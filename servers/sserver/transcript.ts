/**
 * The output of an sserver with `--verbose`: its connections and messages.
 *
 * @module
 */
import { dialog, say } from "../children/dialog.ts";
import type { Observer } from "../events/clients.ts";

/** Prints events. */
export class Transcript implements Observer {
  readonly #cpu: number;
  /** The incomplete line of each client. */
  readonly #incomplete = new Map<number, Message>();

  constructor(cpu: number) {
    this.#cpu = cpu;
  }

  opened(fd: number): void {
    this.#incomplete.set(fd, { decoder: new TextDecoder(), text: "" });
    say(dialog.opened(this.#cpu, fd));
  }

  received(fd: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    const message = this.#incomplete.get(fd)!;
    message.text += message.decoder.decode(bytes.subarray(0, length), { stream: true });
    const lines = message.text.split("\n");
    message.text = lines.pop()!;
    for (const line of lines) say(dialog.received(this.#cpu, fd, printable(line)));
  }

  closed(fd: number): void {
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
