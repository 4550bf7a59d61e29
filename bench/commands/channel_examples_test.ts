/** The document's two ways in, as programs a user runs. */
import { assertEquals, assertMatch } from "@std/assert";
import { uniqueName } from "../../servers/ipc/channel/testing.ts";
import { runTask, ServingTask } from "../../servers/ipc/channel/testing_tasks.ts";

Deno.test("channel-mymgr serves a path that is opened, written, read and sent to", async () => {
  const path = `/dev/${uniqueName()}`;
  const run = (...args: string[]) => runTask("channel-mymgr", ...args, "--path", path);
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
  const second = await run("serve");
  assertEquals(second.code, 2);
  assertMatch(second.stderr, /EEXIST .*; a server does already; write another --path\n$/);
  const far = await run("call", "hello", "--node", uniqueName());
  assertEquals(far.code, 2);
  assertMatch(far.stderr, /EHOSTUNREACH .*; start deno task channel-gateway NODE=HOST:PORT/);
});

Deno.test("channel-myname receives in a loop, found by its name", async () => {
  const name = uniqueName();
  const run = (...args: string[]) => runTask("channel-myname", ...args, "--name", name);
  const missing = await run("call", "hello");
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertMatch(missing.stderr, /^channel-myname: Cannot open .* ENOENT .*; start deno task .*\n$/);
  await using server = await ServingTask.start("channel-myname", ["serve", "--name", name]);
  assertEquals(server.ready, `ready: receiving as ${name} (process ${server.pid}; ^C ends it)`);
  for (const [text, reply] of [["hello", "HELLO"], ["again", "AGAIN"]] as const) {
    assertEquals(await run("call", text), { code: 0, stdout: `reply: ${reply}\n`, stderr: "" });
  }
  const second = await run("serve");
  assertEquals(second.code, 2);
  assertMatch(second.stderr, /EEXIST .*; a server has it already; write another --name\n$/);
});

for (const [task, flag] of [["channel-mymgr", "--path"], ["channel-myname", "--name"]] as const) {
  Deno.test(`${task} says how it is used, and ends on a signal`, async () => {
    for (const args of [[], ["serve", "more"], ["call"], ["call", "two", "words"], ["sing"]]) {
      const { code, stderr } = await runTask(task, ...args);
      assertEquals(code, 2);
      assertMatch(
        stderr,
        /^channel-.*: Write deno task channel-.* serve, or deno task .* call TEXT\n$/,
      );
    }
    const help = await runTask(task, "--help");
    assertEquals(help.code, 0);
    assertMatch(help.stdout, /Usage: deno task channel-\w+ serve \| call TEXT \[flags\]/);
    const place = flag === "--path" ? `/dev/${uniqueName()}` : uniqueName();
    await using server = await ServingTask.start(task, ["serve", flag, place]);
    assertEquals(await server.end("SIGINT"), { code: 130, stderr: "" });
  });
}
