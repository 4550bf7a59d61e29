/**
 * Shared by the tests of doors: a server in its own process, and calls of its door.
 *
 * @module
 */
import { TemporaryFolder } from "../../testing/folder.ts";
import { RunningProcess } from "../../testing/process.ts";
import { pipe } from "../../posix/descriptors.ts";
import { fork } from "../../posix/fork.ts";
import { close, read, write } from "../../posix/io.ts";
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
export class DoorServer extends RunningProcess {
  readonly path: string;
  readonly #folder: TemporaryFolder;

  /** Starts the server and waits until its door is attached. */
  static async start(options: TestServerOptions = {}): Promise<DoorServer> {
    await using starting = new AsyncDisposableStack();
    const server = starting.use(new DoorServer(options, new TemporaryFolder()));
    const line = await server.nextLine();
    if (line !== "ready") throw new Error(`the server did not get ready: ${line}`);
    starting.move();
    return server;
  }

  private constructor(options: TestServerOptions, folder: TemporaryFolder) {
    const { path = `${folder.path}/door` } = options;
    const main = import.meta.resolve("./testing_server.ts");
    const flags = ["run", "--no-prompt", "--allow-ffi", "--allow-read", main];
    super([Deno.execPath(), ...flags, JSON.stringify({ ...options, path })]);
    this.path = path;
    this.#folder = folder;
  }

  /** Names of the files in the folder of its path. */
  get names(): string[] {
    return this.#folder.names;
  }

  /** Sends the server a command; resolves to the lines that it prints until it is done. */
  async command(command: string): Promise<string[]> {
    await this.write(command);
    const lines: string[] = [];
    for (let line; (line = await this.nextLine()) !== `done: ${command}`;) {
      if (line === undefined) throw new Error(`the server ended instead of: ${command}`);
      lines.push(line);
    }
    return lines;
  }

  /** Kills it; resolves when it has exited. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
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
