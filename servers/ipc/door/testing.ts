/**
 * Shared by the tests of doors: a server in its own process, and calls of its door.
 *
 * @module
 */
import { linesOf } from "../../host/lines.ts";
import { inTime } from "../../testing/process.ts";
import { pipe } from "../../posix/descriptors.ts";
import { fork } from "../../posix/fork.ts";
import { close, read, write } from "../../posix/io.ts";
import { kill } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import {
  type CallResult,
  closeDoor,
  type DoorArguments,
  type DoorAttributes,
  doorCall,
  openDoor,
} from "./mod.ts";
import type { Order, Who } from "./testing_procedure.ts";

/** Options of the test's server. */
export interface TestServerOptions {
  readonly path?: string;
  readonly attributes?: DoorAttributes;
  /** Maximum number of threads it creates. */
  readonly threads?: number;
}

/** A server with a door at a path, whose procedure is `testing_procedure.ts`. It ends with its block. */
export class DoorServer implements AsyncDisposable {
  readonly path: string;
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-door-" });

  /** Starts the server and waits until its door is attached. */
  static async start(options: TestServerOptions = {}): Promise<DoorServer> {
    await using starting = new AsyncDisposableStack();
    const server = starting.use(new DoorServer(options));
    const line = await server.nextLine();
    if (line !== "ready") throw new Error(`the server did not get ready: ${line}`);
    starting.move();
    return server;
  }

  private constructor({ path = `${this.#folder}/door`, ...options }: TestServerOptions) {
    this.path = path;
    const main = new URL("./testing_server.ts", import.meta.url).href;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-ffi",
        "--allow-read",
        main,
        JSON.stringify({ ...options, path }),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#input = this.#process.stdin.getWriter();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Names of the files in the folder of its path. */
  get names(): string[] {
    return [...Deno.readDirSync(this.#folder)].map(({ name }) => name);
  }

  /** Its next line on standard output; undefined at the end. */
  async nextLine(): Promise<string | undefined> {
    return (await inTime("the next line", this.#lines.next(), 30)).value ?? undefined;
  }

  /** Sends the server a command; resolves to the lines that it prints until it is done. */
  async command(command: string): Promise<string[]> {
    await this.#input.write(new TextEncoder().encode(`${command}\n`));
    const lines: string[] = [];
    for (let line; (line = await this.nextLine()) !== `done: ${command}`;) {
      if (line === undefined) throw new Error(`the server ended instead of: ${command}`);
      lines.push(line);
    }
    return lines;
  }

  /** Resolves when it has exited. */
  get ended(): Promise<unknown> {
    return inTime("the end of the server", this.#process.status);
  }

  /** Kills it; resolves when it has exited. */
  async kill(): Promise<void> {
    kill(this.pid, Signal.KILL);
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Killed, because a forked process may keep its input open.
    await this.kill();
    await this.#input.close().catch(() => {});
    await this.#lines.return();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** A door that is closed at the end of the block. */
export class OpenDoor implements Disposable {
  readonly descriptor: number;

  constructor(path: string) {
    this.descriptor = openDoor(path);
  }

  call(order: Order, more: Omit<DoorArguments, "data"> = {}): CallResult {
    return call(this.descriptor, order, more);
  }

  who(): Who {
    return JSON.parse(textOf(this.call({ kind: "who" })));
  }

  [Symbol.dispose](): void {
    closeDoor(this.descriptor);
  }
}

/** Calls the procedure of the tests. */
export function call(
  door: number,
  order: Order,
  more: Omit<DoorArguments, "data"> = {},
): CallResult {
  return doorCall(door, { data: new TextEncoder().encode(JSON.stringify(order)), ...more });
}

/** The result as text. */
export function textOf({ data }: CallResult): string {
  return new TextDecoder().decode(data);
}

/** A call by a process of its own, blocked in the procedure. */
export class Waiting implements Disposable {
  readonly pid: number;
  readonly #gate: readonly [output: number, input: number] = pipe();

  constructor(path: string) {
    const gate = this.#gate[0];
    const [hereEnd, here] = pipe();
    this.pid = fork(() => {
      using door = new OpenDoor(path);
      door.call({ kind: "wait" }, { descriptors: [here, gate] });
    });
    close(here);
    // The procedure writes to it when it has been called.
    if (read(hereEnd, byte) === 0) throw new Error("the call did not reach the procedure");
    close(hereEnd);
  }

  /** Lets the procedure return. */
  release(): void {
    write(this.#gate[1], byte, 1);
  }

  [Symbol.dispose](): void {
    this.#gate.forEach(close);
  }
}

const byte = new Uint8Array(1);

type StepBody = (server: DoorServer, door: OpenDoor) => void | Promise<void>;

/** A test of steps that share one server; the result adds one. */
export function testWithServer(
  name: string,
): (step: string, body: StepBody) => void {
  const steps = new Map<string, StepBody>();
  Deno.test(name, async (test) => {
    await using server = await DoorServer.start();
    for (const [step, body] of steps) {
      await test.step(step, async () => {
        using door = new OpenDoor(server.path);
        await body(server, door);
      });
    }
  });
  return (step, body) => void steps.set(step, body);
}
