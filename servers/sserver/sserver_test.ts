/** A single sserver: on a port, or on an inherited socket. */
import { assertEquals, assertMatch } from "@std/assert";
import { receiveDescriptor, sendDescriptor } from "../posix/descriptors.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { assertRefused, runHere } from "../../bench/testing.ts";
import { RunningTask, runTask } from "../testing/task.ts";
import { shutDownWrite, socketPair } from "../posix/sockets.ts";
import { close, read, write } from "../posix/io.ts";
import { ask, Connection } from "../testing/client.ts";
import { closing, forkReady, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { passClient, startAtChannel } from "../testing/sserver.ts";

/** An sserver on a port. */
class Alone extends RunningTask {
  constructor(args: readonly string[] = [], via: readonly string[] = []) {
    super("sserver", args, { via });
  }

  /** The port that it prints. */
  async port(): Promise<number> {
    const line = await this.nextLine();
    const [, port] = line!.match(/^ready: sserver on 127\.0\.0\.1:(\d+) \(process \d+; .*\)$/)!;
    return Number(port);
  }
}

Deno.test("sserver serves many concurrent clients until a signal", async () => {
  await using server = new Alone();
  const port = await server.port();
  using clients = new DisposableStack();
  const all = Array.from({ length: 20 }, () => clients.use(new Connection(port)));
  for (const client of all.toReversed()) {
    client.send("4000\n");
    assertEquals(client.receive(4000).length, 4000);
  }
  server.signal("SIGTERM");
  assertEquals(await server.ended(), { code: 128 + Signal.TERM, stdout: "", stderr: "" });
});

Deno.test("sserver --idle exits after that time without a client", async () => {
  await using server = new Alone(["--idle", "1", "--verbose", "--echo"]);
  assertMatch((await server.nextLine())!, /^sserver \[cpu \d+\] - starting$/);
  const port = await server.port();
  assertEquals(ask(port, "\x1b[2Jhi\n", 8).length, 8);
  const { code, stdout, stderr } = await server.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  const fd = lines[0]!.split(" ").at(-1);
  assertEquals(lines.map((line) => line.split(" - ")[1]), [
    `new connection on fd ${fd}`,
    // Control characters are removed.
    `message received on fd ${fd} = [2Jhi`,
    `connection on fd ${fd} closed`,
    "idle for 1 s, ending",
  ]);
});

Deno.test("sserver leaves clients in the backlog at its limit of descriptors", async () => {
  const script = 'ulimit -n 128; exec "$@"';
  await using server = new Alone([], ["/bin/sh", "-c", script, "sh"]);
  const port = await server.port();
  const all = Array.from({ length: 150 }, () => new Connection(port));
  for (const client of all) client.send("1\n");
  const served = 128 - 64;
  for (const client of all.slice(0, served)) assertEquals(client.receive(1).length, 1);
  // Each client that disconnects frees a descriptor for the next.
  for (const [i, client] of all.entries()) {
    all[i - served]?.[Symbol.dispose]();
    if (i >= served) assertEquals(client.receive(1).length, 1, `client ${i}`);
  }
  for (const client of all.slice(-served)) client[Symbol.dispose]();
});

Deno.test("sserver serves passed connections, and exits when its channel is closed", () => {
  const { channel, pid } = startAtChannel();
  const clients = [passClient(channel), passClient(channel)];
  using _ = closing(...clients);
  close(channel);
  const reply = new Uint8Array(10);
  for (const client of clients) {
    write(client, new TextEncoder().encode("5\n"), 2);
    assertEquals(read(client, reply), 5);
  }
  for (const client of clients) shutDownWrite(client);
  assertEquals(waitFor(pid).code, 0);
  assertEquals(clients.map((client) => read(client, reply)), [0, 0]);
});

Deno.test("sserver with a channel terminates with its parent", () => {
  const [output, input] = socketPair();
  using _ = closing(output);
  const parent = forkReady((ready) => {
    const { channel } = startAtChannel();
    const client = passClient(channel);
    const byte = new Uint8Array(1);
    write(client, new TextEncoder().encode("1\n"), 2);
    read(client, byte);
    sendDescriptor(input, client);
    ready();
    waitToBeKilled();
  });
  close(input);
  const client = receiveDescriptor(output);
  using _client = closing(client);
  kill(parent, Signal.KILL);
  waitFor(parent);
  // Only the server has the peer's descriptor.
  assertEquals(read(client, new Uint8Array(1)), 0);
});

Deno.test("sserver refuses invalid options with one line", async () => {
  for (
    const [words, ...args] of [
      ['"now"', "now"],
      ["--port or --channel", "--port", "8000", "--channel", "3"],
      ["--idle", "--idle", "soon"],
    ] as const
  ) assertRefused(await runHere("sserver", ...args), 2, words);
  for (const channel of ["2", "1000"]) {
    assertRefused(await runTask("sserver", "--channel", channel), 2, "--channel");
  }
});
