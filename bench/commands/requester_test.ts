/** The requester, in the sample dialog of the Open System Services Programmer's Guide on two pseudo-terminals, as there. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { affinity } from "../../servers/posix/processes.ts";
import { CONTROL_C, CONTROL_D, OnTerminal } from "../../servers/testing/terminal.ts";
import { startServer } from "../../servers/testing/server.ts";
import { commandLineOf } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

/** Runs a requester for one line, as in the guide; what stands on its terminal in the end. */
async function request(port: string, line: string): Promise<string[]> {
  await using requester = new OnTerminal(commandLineOf("requester", ["--port", port]));
  await requester.untilLine(/^\?$/);
  requester.type(`${line}\n`);
  await requester.untilLine(/^\?$/);
  requester.type(CONTROL_D);
  assertEquals(await requester.ended(), 0);
  return requester.lines;
}

Deno.test("slaunch and requester hold the guide's dialog", async () => {
  const cpus = affinity();
  await using launcher = new OnTerminal(commandLineOf("serve", ["slaunch", "--echo", "--verbose"]));
  await launcher.untilLine(/^ready: /);
  const [, port] = launcher.lines.at(-2)!.match(/^ready: slaunch on 127\.0\.0\.1:(\d+) /)!;

  assertEquals(await request(port!, "hello"), [
    "Requester starting",
    "?hello",
    "Read 7 bytes back from server",
    "?",
    "",
  ]);
  await launcher.untilLine(/ closed$/);
  // The guide has 29: one less than by the count that makes 7 of hello.
  assertEquals(await request(port!, "hello from another requester"), [
    "Requester starting",
    "?hello from another requester",
    "Read 30 bytes back from server",
    "?",
    "",
  ]);
  const [first, second] = [cpus[1 % cpus.length], cpus[2 % cpus.length]];
  await launcher.untilLine(new RegExp(`sserver \\[cpu ${second}\\] - connection on fd 3 closed`));

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
  launcher.type(CONTROL_C);
  assertEquals(await launcher.ended(), 0);
});

/** A requester that has failed, with one line that says how. */
async function assertFails(port: number, reason: RegExp, typed: string): Promise<void> {
  await using requester = new OnTerminal(commandLineOf("requester", ["--port", String(port)]));
  if (typed !== "") await requester.untilLine(/^\?$/);
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
  assertRefused(await runHere("requester"), 2, "--port PORT");
  assertRefused(await runHere("requester", "--port", "1", "hello"), 2, '"hello"');
});
