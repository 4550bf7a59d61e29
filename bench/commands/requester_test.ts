/** The requester, in the sample dialog of the Open System Services Programmer's Guide on two pseudo-terminals, as there. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { close, readAsync, write } from "../../servers/posix/io.ts";
import { affinity, kill, wait, waitForExit } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { startOnTerminal } from "../../servers/posix/testing_terminal.ts";
import { startServer } from "../../servers/testing.ts";
import { runTask, type Task } from "../../clients/testing.ts";

const PATIENCE_MS = 20_000;

const END_OF_FILE = "\x04";
const INTERRUPT = "\x03";

/** A command on a terminal of its own, as a user runs it. */
class Terminal implements AsyncDisposable {
  readonly #pid: number;
  readonly #user: number;
  readonly #reading: Promise<void>;
  #text = "";
  #code: number | undefined;

  constructor(task: Task, ...args: string[]) {
    // The program itself, since `deno task` would print a line before.
    const [, ...flags] = config.tasks[task].command.split(" ");
    const { pid, user } = startOnTerminal(Deno.execPath(), [...flags, ...args]);
    [this.#pid, this.#user] = [pid, user];
    this.#reading = this.#read();
  }

  /** What stands on it, in lines. */
  get lines(): string[] {
    return this.#text.replaceAll("\r\n", "\n").split("\n");
  }

  async #read(): Promise<void> {
    const bytes = new Uint8Array(4096);
    const decoder = new TextDecoder();
    for (let count; (count = await readAsync(this.#user, bytes)) > 0;) {
      this.#text += decoder.decode(bytes.subarray(0, count), { stream: true });
    }
  }

  type(text: string): void {
    const bytes = new TextEncoder().encode(text);
    write(this.#user, bytes, bytes.length);
  }

  /** Waits until the last of what stands on it is that. */
  async until(last: string | RegExp): Promise<void> {
    const isThere = () => this.#text.trimEnd().split(/\r?\n/).at(-1)!.match(last) !== null;
    for (const end = performance.now() + PATIENCE_MS; !isThere();) {
      if (performance.now() > end) throw new Error(`Cannot wait for ${last} behind ${this.#text}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Waits for its end; the exit code is the result. */
  async ended(): Promise<number | undefined> {
    await this.#reading;
    return this.#code ??= wait(this.#pid)?.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#code === undefined && !waitForExit(this.#pid, 0)) kill(this.#pid, Signal.KILL);
    await this.ended();
    close(this.#user);
  }
}

/** Runs a requester for one line, as in the guide; what stands on its terminal in the end. */
async function request(port: string, line: string): Promise<string[]> {
  await using requester = new Terminal("requester", "--port", port);
  await requester.until(/^\?$/);
  requester.type(`${line}\n`);
  await requester.until(/^\?$/);
  requester.type(END_OF_FILE);
  assertEquals(await requester.ended(), 0);
  return requester.lines;
}

Deno.test("slaunch and requester hold the guide's dialog", async () => {
  const cpus = affinity();
  await using launcher = new Terminal("serve", "slaunch", "--echo", "--verbose");
  await launcher.until(/^ready: /);
  const [, port] = launcher.lines.at(-2)!.match(/^ready: slaunch on 127\.0\.0\.1:(\d+) /)!;

  assertEquals(await request(port!, "hello"), [
    "Requester starting",
    "?hello",
    "Read 7 bytes back from server",
    "?",
    "",
  ]);
  await launcher.until(/ closed$/);
  // The guide has 29: one less than by the count that makes 7 of hello.
  assertEquals(await request(port!, "hello from another requester"), [
    "Requester starting",
    "?hello from another requester",
    "Read 30 bytes back from server",
    "?",
    "",
  ]);
  const [first, second] = [cpus[1 % cpus.length], cpus[2 % cpus.length]];
  await launcher.until(`sserver \\[cpu ${second}\\] - connection on fd 3 closed`);

  const [starting, ...lines] = launcher.lines;
  assertMatch(starting!, /^slaunch starting in cpu \d+$/);
  assert(cpus.includes(Number(starting!.split(" ").at(-1))));
  assertEquals(lines.filter((line) => !line.startsWith("ready: ")), [
    ...cpus.flatMap((cpu) => [`sserver spawn'ed in cpu ${cpu}`, `sserver [cpu ${cpu}] - starting`]),
    `sserver [cpu ${first}] - new connection on fd 3`,
    `sserver [cpu ${first}] - message received on fd 3 = hello`,
    `sserver [cpu ${first}] - connection on fd 3 closed`,
    `sserver [cpu ${second}] - new connection on fd 3`,
    `sserver [cpu ${second}] - message received on fd 3 = hello from another requester`,
    `sserver [cpu ${second}] - connection on fd 3 closed`,
    "",
  ]);
  launcher.type(INTERRUPT);
  assertEquals(await launcher.ended(), 0);
});

/** A requester that has failed, with one line that says how. */
async function assertFails(port: number, reason: RegExp, typed: string): Promise<void> {
  await using requester = new Terminal("requester", "--port", String(port));
  if (typed !== "") await requester.until(/^\?$/);
  requester.type(typed);
  assertEquals(await requester.ended(), 3);
  const [starting, ...lines] = requester.lines;
  assertEquals([starting, lines.length], ["Requester starting", typed === "" ? 2 : 3]);
  assertMatch(lines.at(-2)!, reason);
}

Deno.test("requester says so where nobody listens, or nobody echoes", async () => {
  await using server = await startServer("slaunch");
  await assertFails(
    server.port,
    /^requester: .* the server closed the connection; .*--echo/,
    "hi\n",
  );
  await server.stop();
  await assertFails(
    server.port,
    /^requester: Cannot talk to 127.* refused .*--echo --port \d+/,
    "",
  );
});

Deno.test("requester refuses what it cannot use", async () => {
  for (
    const [args, words] of [[[], "--port PORT"], [["--port", "1", "hello"], '"hello"']] as const
  ) {
    const { code, stdout, stderr } = await runTask("requester", ...args);
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, /^requester: [^\n]+\n$/);
    assertStringIncludes(stderr, words);
  }
});
