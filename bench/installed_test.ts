/** Herd where it is installed, or imported: in a folder that has nothing of the checkout. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { getuid } from "../servers/posix/processes.ts";
import { TemporaryFolder } from "../servers/testing/folder.ts";
import { isLong } from "../servers/testing/long.ts";
import { type Outcome, ROOT, RunningProcess } from "../servers/testing/process.ts";
import { CONTROL_C, OnTerminal } from "../servers/testing/terminal.ts";
import { asWrittenHere } from "./cli/way_in.ts";
import { readRecord } from "./record/store.ts";
import config from "../deno.json" with { type: "json" };

const DENO = Deno.execPath();

/** Runs a program to its end, which has to be a good one. */
async function run(
  commandLine: readonly string[],
  start: ConstructorParameters<typeof RunningProcess>[1] = {},
): Promise<Outcome> {
  await using running = new RunningProcess(commandLine, start);
  const outcome = await running.ended();
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome;
}

Deno.test("asWrittenHere() writes a command as one does where Herd is installed, or in a checkout", () => {
  const text = "write deno task runs, or deno task bench";
  assertEquals(asWrittenHere(text, true), "write herd runs, or herd bench");
  assertEquals(asWrittenHere(text), text);
});

/** A program that serves and loads, and may bench. */
function importer(module: string, designs: readonly string[], isBench: boolean): string {
  return `import { bench, load, serve } from "${module}";
for (const design of ${JSON.stringify(designs)}) {
  await using server = await serve(design, { children: 2 });
  const { connections } = await load({ port: server.port, clients: 2, connections: 5 });
  await server.stop();
  console.log(design, connections);
}
const small = { rounds: 1, clients: 2, connections: 5, children: 2, folder: "run" };
if (${isBench}) await bench({ designs: ["prefork-mutex"], ...small });
`;
}

/** The permissions that docs/installing.md names. */
const PERMISSIONS = ["--no-prompt", "--allow-ffi", "--allow-run"];
const RECORDING = [...PERMISSIONS, "-RW"];

Deno.test({
  name: "serve() and load() work for who imports mod.ts by an import map, from another folder",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const map = { imports: { "@herd/herd": new URL("../mod.ts", import.meta.url) } };
    Deno.writeTextFileSync(`${folder.path}/deno.json`, JSON.stringify(map));
    const designs = ["prefork-mutex"];
    Deno.writeTextFileSync(`${folder.path}/main.ts`, importer("@herd/herd", designs, false));
    const { stdout } = await run([DENO, "run", ...PERMISSIONS, "main.ts"], { cwd: folder.path });
    assertEquals(stdout, "prefork-mutex 10\n");
  },
});

/** A design of each way to make children. */
const EVERY_KIND = ["prefork-mutex", "prethread-mutex", "prespawn-mutex", "slaunch"];

Deno.test({
  name:
    "serve(), load() and bench() work for who imports mod.ts by path, and from a server (a long test)",
  ignore: !isLong,
  fn: async () => {
    const program = `${ROOT}bench/testing_file_server.ts`;
    await using server = new RunningProcess([DENO, "run", "-R", "--allow-net=127.0.0.1", program]);
    const host = `127.0.0.1:${await server.nextLine()}`;
    for (const module of [`${ROOT}mod.ts`, `http://${host}/mod.ts`]) {
      using folder = new TemporaryFolder();
      Deno.writeTextFileSync(`${folder.path}/main.ts`, importer(module, EVERY_KIND, true));
      // A cache of its own, but for packages that are there already.
      const { stdout: info } = await run([DENO, "info", "--json"]);
      Deno.mkdirSync(`${folder.path}/cache`);
      await run(["ln", "-s", JSON.parse(info).npmCache, `${folder.path}/cache/npm`]);
      const start = { cwd: folder.path, env: { DENO_DIR: `${folder.path}/cache` } };
      const deno = [DENO, "run", ...RECORDING, `--allow-import=${host}`];
      const { stdout } = await run([...deno, "main.ts"], start);
      assertEquals(stdout, EVERY_KIND.map((design) => `${design} 10\n`).join(""));
      assertRecorded(`${folder.path}/run`);
    }
  },
});

/** There is a whole record with its report, whose trials all count. */
function assertRecorded(folder: string): void {
  const { run, trials } = readRecord(folder);
  assertEquals([run.complete, ...trials.map(({ status }) => status)], [true, "ok", "ok"]);
  assert(Deno.statSync(`${folder}/report.html`).size > 100_000);
}

/** The folder of the one run in a folder in which somebody ran `herd bench`. */
function runIn(folder: string): string {
  const [run, ...more] = [...Deno.readDirSync(`${folder}/results`)];
  assertEquals(more, []);
  return `${folder}/results/${run!.name}`;
}

const BENCH = ["bench", "--designs", "prefork-mutex", "--rounds", "1", "--children", "2"];
const TINY = ["--clients", "2", "--connections", "5"];

const STAND_INS = new Map([
  ["jsr:@std/cli@^1.0.0/parse-args", "cli/parse_args.ts"],
  ["jsr:@std/fmt@^1.0.0/colors", "fmt/colors.ts"],
]);

Deno.test({
  name: "deno install -g installs herd, as docs/installing.md has it (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const page = Deno.readTextFileSync(`${ROOT}docs/installing.md`);
    const [, flags] = page.match(/^deno install ([^]*?) bench\/herd\.ts$/m)!;
    const words = flags!.replaceAll("\\\n", "").split(/\s+/);
    // JSR may be out of reach.
    const imports = Object.fromEntries(
      [...STAND_INS].map(([name, path]) => [name, `file://${ROOT}.std/${path}`] as const),
    );
    Deno.writeTextFileSync(`${folder.path}/map.json`, JSON.stringify({ imports }));
    words.push("--import-map", `${folder.path}/map.json`);
    await run([DENO, "install", "--root", folder.path, ...words, `${ROOT}bench/herd.ts`]);
    const [work, herd] = [`${folder.path}/work`, `${folder.path}/bin/herd`];
    Deno.mkdirSync(work);
    // It runs the deno of the PATH.
    const PATH = `${DENO.replace(/\/[^/]+$/, "")}:/usr/bin:/bin`;
    const start = { cwd: work, env: { PATH } };
    const unset = ["/usr/bin/env", "--unset=INIT_CWD"];
    await run([...unset, herd, ...BENCH, ...TINY], start);
    assertRecorded(runIn(work));
    assertMatch((await run([...unset, herd, "runs"], start)).stdout, /results\/2/);
  },
});

/** An ordinary user that nobody is. */
const USER = 12_345;
const isRoot = getuid() === 0;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

/** How to start a program without a network; a user needs a user namespace for it. */
const OFFLINE = ["unshare", ...(isRoot ? [] : ["--map-root-user"]), "--net"];
const mayGoOffline = isLong &&
  new Deno.Command(OFFLINE[0]!, { args: [...OFFLINE.slice(1), "true"] })
    .outputSync().success;

/** The npm package, installed by an ordinary user into a folder that was empty. */
class Installed implements Disposable {
  readonly #folder = new TemporaryFolder();
  readonly work = `${this.#folder.path}/work`;
  readonly #home = `HOME=${this.#folder.path}/home`;

  async install(): Promise<void> {
    const { stdout } = await run([DENO, "task", "--quiet", "pack", `${this.#folder.path}/built`]);
    const archive = stdout.trimEnd().split("\n").at(-1)!;
    assertMatch(archive, /\/built\/herd-herd-[\d.]+\.tgz$/);
    for (const path of ["work", "home"]) Deno.mkdirSync(`${this.#folder.path}/${path}`);
    if (isRoot) await run(["chown", "--recursive", `${USER}:${USER}`, this.#folder.path]);
    const npm = ["npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", archive];
    await run([...(isRoot ? AS_USER : []), ...this.#in, ...npm]);
  }

  /** The command line of `npx herd` in that folder, without a network. */
  herd(...args: readonly string[]): string[] {
    const script = `ip link set lo up && exec ${isRoot ? AS_USER.join(" ") : ""} "$@"`;
    const npx = ["npx", "--offline", "herd", ...args];
    return [...OFFLINE, "sh", "-c", script, "sh", ...this.#in, ...npx];
  }

  get #in(): string[] {
    return ["env", "--unset=INIT_CWD", "--unset=DENO_DIR", `--chdir=${this.work}`, this.#home];
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

Deno.test({
  name:
    "the npm package works for an ordinary user, without a network once it is installed (a long test)" +
    (mayGoOffline || !isLong ? "" : " (not where user namespaces are refused)"),
  ignore: !mayGoOffline,
  fn: async (test) => {
    using installed = new Installed();
    await installed.install();

    await test.step("npx herd bench records in the folder one stands in", async () => {
      await run(installed.herd(...BENCH, ...TINY));
      assertRecorded(runIn(installed.work));
      assertMatch((await run(installed.herd("runs"))).stdout, /results\/2/);
      assertMatch((await run(installed.herd("tables"))).stdout, /^Table 30\.2/m);
      const names = [...Deno.readDirSync(installed.work)].map(({ name }) => name);
      const npm = ["node_modules", "package-lock.json", "package.json"];
      assertEquals(names.toSorted(), [...npm, "results"]);
    });
    await test.step("other commands run with the permissions of their tasks", async () => {
      for (const kind of EVERY_KIND) {
        const args = ["--designs", kind, "--rounds", "1", "--children", "2", ...TINY];
        await run(installed.herd("bench", ...args, "--output", kind));
        assertRecorded(`${installed.work}/${kind}`);
      }
      await run(installed.herd("figure", "prefork-mutex", "--output", "figure.svg"));
      await run(installed.herd("messages", "--calls", "100"));
      const { stdout } = await run(installed.herd("help"));
      assertMatch(stdout, /^Usage: herd COMMAND [^]*^ {2}bench /m);
      assertEquals(stdout.includes("deno task"), false);
      assertEquals(stdout.match(/^ {2}(docs|schema) /m), null);
    });
    await test.step("npx herd serve ends at ^C, and leaves no process behind", async () => {
      await using terminal = new OnTerminal(installed.herd("serve", "prefork-mutex"));
      await terminal.until(/ready: /);
      terminal.type(CONTROL_C);
      await terminal.until(/^total /m);
      assertEquals(await terminal.left(), []);
    });
    await test.step("and at SIGTERM", async () => {
      await using serving = new RunningProcess(installed.herd("serve", "prefork-mutex"));
      assertMatch(await serving.nextLine() ?? "", /^ready: /);
      serving.signal("SIGTERM");
      assertMatch((await serving.ended()).stdout, /^total /m);
      assertEquals(await serving.left(), []);
    });
  },
});

Deno.test({
  name:
    "deno publish passes, with the files of the npm package: no tests, no stand-ins (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    await run([DENO, "task", "--quiet", "pack", folder.path]);
    const { stderr } = await run([`${ROOT}.ci/publish`, "--dry-run"]);
    const published = [...stderr.matchAll(/file:\/\/\S+?\/herd\/(\S+) \(/g)].map(([, path]) =>
      path!
    );
    const { stdout } = await run([
      "find",
      `${folder.path}/package`,
      "-type",
      "f",
      "-printf",
      "%P\n",
    ]);
    const packed = stdout.trimEnd().split("\n")
      .filter((path) => !/^(bin|vendor)\/|^(package|import_map)\.json$/.test(path));
    assertEquals(published.toSorted(), packed.toSorted());
    assert(published.includes("bench/herd.ts") && published.length > 200);
    assertEquals(published.filter((path) => /_test\.ts$|testing|^\./.test(path)), []);
    assertEquals(config.publish.include.filter((path) => path.startsWith(".")), []);
  },
});
