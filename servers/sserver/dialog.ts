/**
 * What a launcher and its servers say with `--verbose`: the lines of the Open System Services Programmer's
 * Guide, in its sample dialog of slaunch1.
 *
 * @module
 */
import type { Observer } from "./multiplex.ts";
import { write } from "../posix/sockets.ts";

/** The lines, by what has happened. Processors are called as in the guide: cpu. */
export const dialog = {
  launching: (cpu: number) => `slaunch starting in cpu ${cpu}`,
  spawned: (cpu: number) => `sserver spawn'ed in cpu ${cpu}`,
  starting: (cpu: number) => `sserver [cpu ${cpu}] - starting`,
  opened: (cpu: number, fd: number) => `sserver [cpu ${cpu}] - new connection on fd ${fd}`,
  received: (cpu: number, fd: number, message: string) =>
    `sserver [cpu ${cpu}] - message received on fd ${fd} = ${message}`,
  closed: (cpu: number, fd: number) => `sserver [cpu ${cpu}] - connection on fd ${fd} closed`,
  // Not in the guide's sample, which ends before.
  idle: (cpu: number, seconds: number) => `sserver [cpu ${cpu}] - idle for ${seconds} s, ending`,
} as const;

const STDOUT = 1;

/** Writes a line to standard output, from any process, one without a console too. */
export function say(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    write(STDOUT, bytes, bytes.length);
  } catch {
    // Nobody reads it.
  }
}

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
