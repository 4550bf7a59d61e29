import { assertEquals, assertRejects } from "@std/assert";
import { tryReadText } from "../servers/posix/files.ts";
import { Subprocess, SubprocessError } from "./subprocess.ts";

/** Starts a server, and its process number once it is ready. */
async function startServer(): Promise<{ server: Subprocess; pid: number }> {
  const server = new Subprocess("servers/serve.ts", ["prefork-shared-accept", "--children=2"]);
  const { pid } = await server.next("ready", 30);
  return { server, pid: pid as number };
}

/** Says something until it is refused: what is ending may still take a line that nobody reads. */
async function sayOnAndOn(server: Subprocess): Promise<never> {
  for (;;) await server.say("mark");
}

Deno.test("next() gives the event of that name, others skipped", async () => {
  await using server = (await startServer()).server;
  await server.say("mark");
  server.signal("SIGTERM");
  const { event, design } = await server.next("report", 30);
  assertEquals([event, design], ["report", "prefork-shared-accept"]);
});

Deno.test("next() does not wait for ever", async () => {
  await using server = (await startServer()).server;
  const waiting = () => server.next("miracle", 0.05);
  await assertRejects(waiting, SubprocessError, 'servers/serve.ts did not say "miracle" in 0.05 s');
});

Deno.test("next() and say() tell what a subprocess said last that has ended", async () => {
  await using server = new Subprocess("servers/serve.ts", ["unheard-of"]);
  const expected = 'serve: Unknown design "unheard-of"';
  await assertRejects(() => server.next("ready", 30), SubprocessError, expected);
  await assertRejects(() => sayOnAndOn(server), SubprocessError, expected);
});

Deno.test("next() and say() tell how a subprocess ended that said nothing", async () => {
  await using server = (await startServer()).server;
  server.signal("SIGKILL");
  const expected = "servers/serve.ts ended by SIGKILL";
  await assertRejects(() => server.next("report", 30), SubprocessError, expected);
  await assertRejects(() => sayOnAndOn(server), SubprocessError, expected);
  server.signal("SIGTERM");
});

Deno.test("Subprocess has ended at the end of the block that uses it", async () => {
  let host = 0;
  {
    const { server, pid } = await startServer();
    await using _ = server;
    host = pid;
    assertEquals(tryReadText(`/proc/${host}/comm`)?.trim(), "deno");
  }
  assertEquals(tryReadText(`/proc/${host}/comm`), undefined);
});
