/** The document's example, as its two programs are used. */
import { assertEquals, assertMatch } from "@std/assert";
import { freePath } from "../../servers/testing/client.ts";
import { isGone } from "../../servers/testing/fork.ts";
import { ROOT } from "../../servers/testing/process.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { runHere } from "../testing.ts";

const run = (...args: string[]) => runHere("door-square", ...args);

/** The server, running at a path of its own. */
class SquareServer extends RunningTask {
  private constructor(readonly path: string) {
    super("door-square", ["serve", path]);
  }

  static async start(): Promise<SquareServer> {
    const server = new SquareServer(freePath());
    const { path, pid } = server;
    const ready = `ready: door-square at ${path} (process ${pid}; ^C ends it)`;
    assertEquals(await server.nextLine(), ready);
    return server;
  }
}

Deno.test("door-square squares what a long can hold, exactly", async (t) => {
  await using server = await SquareServer.start();
  for (
    const [value, square] of [
      ["11", "121"],
      ["0", "0"],
      ["-7", "49"],
      ["94906267", "9007199515875289"], // beyond 2^53, where a double is no longer exact
      ["3037000499", "9223372030926249001"],
      ["-3037000499", "9223372030926249001"],
    ] as const
  ) {
    await t.step(`${value} gives ${square}`, async () => {
      assertEquals(await run("call", server.path, value), {
        code: 0,
        stdout: `result: ${square}\n`,
        stderr: "",
      });
    });
  }
  for (const value of ["3037000500", "-3037000500", `${2n ** 63n - 1n}`]) {
    await t.step(`the square of ${value} is refused`, async () => {
      assertEquals(await run("call", server.path, value), {
        code: 2,
        stdout: "",
        stderr: `door-square: Cannot square ${value}: the square exceeds 2^63−1; ` +
          "use an integer from −3037000499 to 3037000499\n",
      });
    });
  }
  for (const value of ["eleven", "1.5", "", "11x", `${2n ** 63n}`]) {
    await t.step(`"${value}" is no integer`, async () => {
      assertEquals(await run("call", server.path, value), {
        code: 2,
        stdout: "",
        stderr: `door-square: Cannot read "${value}" as an integer: ` +
          "write a whole number from −3037000499 to 3037000499\n",
      });
    });
  }
});

Deno.test("door-square says how it is used", async () => {
  const call = "usage: door-square call <server-pathname> <integer-value>\n";
  const serve = "usage: door-square serve <server-pathname>\n";
  for (
    const [args, stderr] of [
      [["call"], call],
      [["call", "/tmp/door"], call],
      [["call", "/tmp/door", "1", "2"], call],
      [["serve"], serve],
      [["serve", "/tmp/door", "1"], serve],
      [[], serve + call],
      [["square"], serve + call],
    ] as const
  ) {
    assertEquals(await run(...args), { code: 2, stdout: "", stderr });
  }
  const { code, stdout } = await run("--help");
  assertEquals(code, 0);
  assertMatch(stdout, /Usage: deno task door-square serve PATH \| call PATH INTEGER/);
});

Deno.test("door-square says where there is no door", async () => {
  const { code, stderr } = await run("call", "/tmp/no-such-door", "1");
  assertEquals({ code, stderr }, {
    code: 2,
    stderr: "door-square: Cannot open the door /tmp/no-such-door: there is nothing at that path\n",
  });
  const path = `${ROOT}servers/ipc/door/square.ts`;
  assertMatch((await run("call", path, "1")).stderr, /: the file is not a door\n$/);
});

Deno.test("door-square refuses a path that is in use, and the server there goes on", async () => {
  await using server = await SquareServer.start();
  assertEquals(await runTask("door-square", "serve", server.path), {
    code: 2,
    stdout: "",
    stderr:
      `door-square: Cannot listen at ${server.path}: a server listens there; use another path\n`,
  });
  assertEquals((await runTask("door-square", "call", server.path, "3")).stdout, "result: 9\n");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
  Deno.test(`door-square leaves no path behind after ${signal}`, async () => {
    await using server = await SquareServer.start();
    server.signal(signal);
    const { code, stderr } = await server.ended();
    assertEquals({ code, stderr }, { code: signal === "SIGKILL" ? 137 : 0, stderr: "" });
    assertEquals(isGone(server.path), true);
  });
}
