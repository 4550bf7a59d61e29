/** The document's two ways in, as programs a user runs. */
import { assertEquals, assertMatch } from "@std/assert";
import { uniqueName } from "../../servers/ipc/channel/testing.ts";
import { ServingTask } from "../../servers/ipc/channel/testing_tasks.ts";
import { runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

Deno.test("channel-mymgr serves a path that is opened, written, read and sent to", async () => {
  const path = `/dev/${uniqueName()}`;
  const run = (...args: string[]) => runHere("channel-mymgr", ...args, "--path", path);
  const missing = await run("call", "hello");
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertMatch(missing.stderr, /^channel-mymgr: Cannot open .* ENOENT .*; start deno task .*\n$/);
  await using server = await ServingTask.start("channel-mymgr", ["serve", "--path", path]);
  assertEquals(
    server.ready,
    `ready: resource manager at ${path} (process ${server.pid}; ^C ends it)`,
  );
  for (const [text, length] of [["hello", 5], ["wörld", 6]] as const) {
    assertEquals(await run("call", text), {
      code: 0,
      stdout: `wrote ${length} bytes, read "${text}", and msgSend() says ${length}\n`,
      stderr: "",
    });
  }
  const second = await runTask("channel-mymgr", "serve", "--path", path);
  assertEquals(second.code, 2);
  assertMatch(second.stderr, /EEXIST .*; a server is there already; write another --path\n$/);
  const far = await run("call", "hello", "--node", uniqueName());
  assertEquals(far.code, 2);
  assertMatch(far.stderr, /EHOSTUNREACH .*; start deno task channel-gateway NODE=USER@HOST/);
  assertEquals(await server.end("SIGINT"), { code: 130, stderr: "" });
});

Deno.test("channel-myname receives in a loop, found by its name", async () => {
  const name = uniqueName();
  const run = (...args: string[]) => runHere("channel-myname", ...args, "--name", name);
  const missing = await run("call", "hello");
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertMatch(missing.stderr, /^channel-myname: Cannot open .* ENOENT .*; start deno task .*\n$/);
  await using server = await ServingTask.start("channel-myname", ["serve", "--name", name]);
  assertEquals(server.ready, `ready: receiving as ${name} (process ${server.pid}; ^C ends it)`);
  for (const [text, reply] of [["hello", "HELLO"], ["again", "AGAIN"]] as const) {
    assertEquals(await run("call", text), { code: 0, stdout: `reply: ${reply}\n`, stderr: "" });
  }
  const second = await runTask("channel-myname", "serve", "--name", name);
  assertEquals(second.code, 2);
  assertMatch(second.stderr, /EEXIST .*; a server has it already; write another --name\n$/);
  assertEquals(await server.end("SIGINT"), { code: 130, stderr: "" });
});

for (const task of ["channel-mymgr", "channel-myname"] as const) {
  Deno.test(`${task} says how it is used`, async () => {
    for (const args of [[], ["serve", "more"], ["call"], ["call", "two", "words"], ["sing"]]) {
      const usage = `Write deno task ${task} serve, or deno task ${task} call TEXT`;
      assertRefused(await runHere(task, ...args), 2, usage);
    }
    const { stdout } = await runHere(task, "--help");
    assertMatch(stdout, /Usage: deno task channel-\w+ serve \| call TEXT \[flags\]/);
  });
}
