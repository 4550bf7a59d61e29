/** The document's example, as its two programs are used. */
import { assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { linesOf } from "../../servers/host/lines.ts";
import { isGone } from "../../servers/testing/fork.ts";
import { inTime } from "../../servers/testing/process.ts";

const [, ...FLAGS] = config.tasks["door-square"].command.split(" ");

/** The command, as its task calls it. */
function command(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...FLAGS, ...args],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

/** What it prints, and its exit code. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await command(...args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The server, running at a path of its own. Nothing of it outlives its block. */
class SquareServer implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-door-" });
  readonly path = `${this.#folder}/square`;
  readonly #process = command("serve", this.path).spawn();
  readonly #lines = linesOf(this.#process.stdout);

  static async start(): Promise<SquareServer> {
    const server = new SquareServer();
    const { value } = await inTime("the server", server.#lines.next(), 30);
    assertEquals(
      value,
      `ready: door-square at ${server.path} (process ${server.#process.pid}; ^C ends it)`,
    );
    return server;
  }

  /** Ends it; how it did, and what it had said. */
  async end(signal: Deno.Signal) {
    this.#process.kill(signal);
    const { code, signal: by } = await inTime("its end", this.#process.status);
    return { code, signal: by, stderr: await this.#process.stderr.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.end("SIGKILL");
    } catch {
      // it has ended already
    }
    await this.#lines.return();
    Deno.removeSync(this.#folder, { recursive: true });
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
  const path = new URL("../../servers/ipc/door/square.ts", import.meta.url).pathname;
  assertMatch((await run("call", path, "1")).stderr, /: the file is not a door\n$/);
});

Deno.test("door-square refuses a path that is in use, and the server there goes on", async () => {
  await using server = await SquareServer.start();
  assertEquals(await run("serve", server.path), {
    code: 2,
    stdout: "",
    stderr:
      `door-square: Cannot listen at ${server.path}: a server listens there; use another path\n`,
  });
  assertEquals((await run("call", server.path, "3")).stdout, "result: 9\n");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
  Deno.test(`door-square leaves no path behind after ${signal}`, async () => {
    await using server = await SquareServer.start();
    const { path } = server;
    const outcome = await server.end(signal);
    assertEquals(
      outcome,
      signal === "SIGKILL"
        ? { code: 137, signal, stderr: "" }
        : { code: 0, signal: null, stderr: "" },
    );
    assertEquals(isGone(path), true);
  });
}
