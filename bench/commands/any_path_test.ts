/** A checkout, and a folder to work in, of any path: where a URL, a shell or a list of paths has its own idea of it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { ROOT, RunningProcess } from "../../servers/testing/process.ts";

/** What a command needs of a checkout. */
const NEEDED = ["deno.json", "deno.lock", ".std", "bench", "clients", "servers", "mod.ts"];

/** What URLs, shells, patterns and lists of paths each read in their own way. */
const ODD = "ü  a,%41#?[c]*;'$&";

/** A checkout in such a folder, and beside it a folder to work in. */
class OddFolders implements Disposable {
  readonly #folder = new TemporaryFolder();
  readonly checkout: string;
  readonly work: string;

  constructor() {
    this.checkout = `${this.#folder.path}/herd ${ODD}`;
    this.work = `${this.#folder.path}/work ${ODD}`;
    for (const path of [this.checkout, this.work]) Deno.mkdirSync(path, { recursive: true });
    const args = ["-a", ...NEEDED.map((name) => ROOT + name), this.checkout];
    const { success } = new Deno.Command("cp", { args }).outputSync();
    assertEquals(success, true);
  }

  /** Starts a task of the checkout in the folder to work in, as a user does. */
  start(task: string, ...args: string[]): RunningProcess {
    const config = `${this.checkout}/deno.json`;
    const deno = [Deno.execPath(), "task", "--quiet", "--config", config, task, ...args];
    // The task of the tests has set it, and a task leaves one that is set as it is.
    return new RunningProcess(["/usr/bin/env", "--unset=INIT_CWD", ...deno], { cwd: this.work });
  }

  /** Runs such a task to its end, which has to be a good one. */
  async run(task: string, ...args: string[]): Promise<string> {
    await using running = this.start(task, ...args);
    const { code, stdout, stderr } = await running.ended();
    assertEquals(code, 0, stderr);
    return stdout;
  }

  /** Serves a design, loads it, and stops it. */
  async serveAndLoad(
    design: string,
    place: readonly string[],
    loadAt: (ready: { readonly port: number }) => readonly string[],
  ): Promise<void> {
    await using server = this.start("serve", design, "--json", ...place);
    const ready = JSON.parse(await server.nextLine() ?? "null");
    assertEquals(ready?.event, "ready");
    await this.run("load", ...loadAt(ready), ...TINY);
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended();
    assertEquals(code, 0, stderr);
  }

  /** Names of what is in a folder of the folder to work in. */
  names(folder = ""): string[] {
    return [...Deno.readDirSync(`${this.work}/${folder}`)].map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const TINY = ["--clients", "2", "--connections", "5"];
const BENCH = [...TINY, "--children", "2", "--rounds", "1"];

/** A design of each way to make children. */
const EVERY_KIND = "prefork-file-lock,prethread-mutex,subprocess-per-client,prespawn-mutex,slaunch";

Deno.test({
  name: "every command works in a checkout of any path, and with files of any path (a long test)",
  ignore: !isLong,
  fn: async (test) => {
    using folders = new OddFolders();
    const [run, local] = ["my run, #1", "[local] 100%"];

    await test.step("bench of children of every kind, and of servers that are on this machine alone", async () => {
      await folders.run("bench", "--designs", EVERY_KIND, ...BENCH, "--output", run);
      await folders.run("bench", "--local", ...BENCH, "--output", local);
      assertEquals(folders.names().toSorted(), [local, run]);
    });
    await test.step("tables writes and exports a run, compare takes it twice", async () => {
      for (const name of [run, local]) {
        Deno.removeSync(`${folders.work}/${name}/report.html`);
        await folders.run("tables", name);
        assert(folders.names(name).includes("report.html"));
        assertStringIncludes(await folders.run("tables", name, "--format", "csv"), ",iterative");
      }
      assertStringIncludes(await folders.run("compare", run, run), "prespawn-mutex");
    });
    await test.step("serve and load, over TCP and at a path", async () => {
      for (const design of ["slaunch", "prespawn-mutex", "thread-per-client"]) {
        await folders.serveAndLoad(design, ["--port", "0"], ({ port }) => ["--port", `${port}`]);
      }
      const place = ["--path", "my, socket #1"];
      await folders.serveAndLoad("prefork-mutex", place, () => place);
    });
    await test.step("the other commands that name files", async () => {
      await folders.run("figure", "prespawn-mutex", "--output", "100% figure.svg");
      const sweep = ["--children", "1,2", ...TINY, "--rounds", "1", "--output", "a sweep, #2"];
      await folders.run("sweep", "--designs", "prefork-mutex", ...sweep);
      assertEquals(
        folders.names().toSorted(),
        [local, "100% figure.svg", "a sweep, #2", run].toSorted(),
      );
    });
  },
});
