/** The report in a browser, if one is installed. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../../servers/testing/folder.ts";
import { isLong } from "../../../servers/testing/long.ts";
import { ROOT } from "../../../servers/testing/process.ts";
import { designs } from "../../../servers/designs.ts";
import { deriveFiles } from "../derive.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { MOST_EMBEDDED, reportData } from "../summary/report_data.ts";
import { page } from "./page.ts";
import type { Findings } from "./testing_browser.ts";

/** Time limit of the browser, which takes about ten seconds of CPU. */
const BROWSER_SECONDS = 240;

/** Text that must not become markup or code. */
const HOSTILE = `</script><script>alert("!")</script><!-- \u2028\u2029 &amp; <img src=x onerror=y>`;

/** Every registered design, an unregistered one, and a failure. */
const example = record([
  ...designs.flatMap(({ id, lifetime }, index): TrialFixture[] =>
    rounds(id, [0.2, 0.21, 0.22, 0.23, 0.24, 0.25].map((cpu) => cpu * (1 + index)), {
      children: lifetime === "pool" ? [500, 300, 200] : [1000],
    })
  ),
  ...rounds("unregistered", [0.3, 0.31], { children: [600, 400] }),
  { design: "prefork-mutex", round: 9, failed: HOSTILE },
]);

const ids = [...designs.map(({ id }) => id), "unregistered"];

const pools = designs.filter(({ lifetime }) => lifetime === "pool").map(({ id }) => id);
const inBook = designs.filter(({ row = 0 }) => row > 0).map(({ id }) => id);

/** The tables, by the start of their titles, with the designs each must have. */
const expected: readonly [title: string, ids: readonly string[]][] = [
  ["CPU utilization", ids],
  ["Table 30.1", ids],
  ["CPU µs per connection", designs.map(({ id }) => id)],
  ["Table 30.2", [...pools, "unregistered"]],
  ["CPU milliseconds", [...pools, "unregistered"]],
  ["Process-control", inBook],
];

/** The path of a browser, if one is installed. */
function findBrowser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const args = ["-c", `command -v ${names.join(" || command -v ")}`];
  const { stdout } = new Deno.Command("/bin/sh", { args }).outputSync();
  return new TextDecoder().decode(stdout).trim() || undefined;
}

const REFERENCE = `${ROOT}results/reference/report.html`;

const browser = findBrowser();
const reason = browser ? "" : " (skipped: Chromium is not installed)";

async function browse(path: string): Promise<Findings> {
  const script = import.meta.resolve("./testing_browser.ts");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--lock=.ci/tests.lock",
      "--no-prompt",
      "--allow-all",
      script,
      browser!,
      path,
      REFERENCE,
    ],
    signal: AbortSignal.timeout(1000 * BROWSER_SECONDS),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("report.html of a large record does without it, and says where it is", async () => {
  const { run, trials } = record(rounds("iterative", [0.1]));
  const of = async (count: number) =>
    page(await reportData({ run, trials: new Array(count).fill(trials[0]) }), new Map());
  assertStringIncludes(await of(MOST_EMBEDDED), '<script type="application/json" id="record">');
  const larger = await of(MOST_EMBEDDED + 1);
  assertEquals(larger.includes('id="record"'), false);
  assertStringIncludes(larger, "trials.jsonl beside this page");
});

Deno.test("report.html of a sweep over rates draws latency, and says what each design sustains", async () => {
  const rates = { 1000: 0.002, 2000: 0.009, 4000: 0.03 };
  const { run, trials } = record(
    Object.values(rates).map((p99) => ({
      design: "prefork-mutex",
      cpu: 0.1,
      latency: { p50: 0.001, p99, max: 0.1 },
    })),
    { sweep: { parameter: "rate", values: Object.keys(rates).map(Number) } },
  );
  const rated = trials.map((trial, index) => ({
    ...trial,
    load: { ...trial.load, rate: Number(Object.keys(rates)[index]) },
  }));
  const limited = { ...run, plan: { ...run.plan, p99: 10 } };
  const html = (await deriveFiles(await reportData({ run: limited, trials: rated })))
    .get("report.html")!;
  assertStringIncludes(html, "prefork-mutex up to 2000 (2000: 9.00 ms, 4000: 30.0 ms).");
  assertStringIncludes(html, "prefork-mutex, 4000 requests/s: p99 30.0 ms");
});

Deno.test({
  name: `report.html in a browser: complete, usable and self-contained${reason}`,
  ignore: browser === undefined,
  fn: async (test) => {
    using folder = new TemporaryFolder();
    const path = `${folder.path}/report.html`;
    Deno.writeTextFileSync(
      path,
      (await deriveFiles(await reportData(example))).get("report.html")!,
    );
    const found = await browse(path);

    await test.step("has no errors in the console, and makes no requests", () => {
      assertEquals([found.errors, found.requests], [[], []]);
    });
    await test.step("has no axe violations, and fits its window", () => {
      assertEquals(Object.keys(found.views).length, isLong ? 4 : 1);
      for (const [view, seen] of Object.entries(found.views)) {
        assertEquals(seen, { violations: [], overflow: 0 }, view);
      }
    });
    await test.step("fits the tables of the reference run into 1440 px", () => {
      // With a column for each of more than twenty pools no table fits.
      const byPool = ["Table 30.2: clients per child", "CPU milliseconds per child"];
      assertEquals(found.scrolled.filter((title) => !byPool.includes(title)), []);
    });
    await test.step("shows the details of a table by keyboard, without JavaScript", () => {
      const [before, after] = found.columns;
      assert(before!.includes("CPU µs /conn.") && !before!.includes("CPU s"));
      for (const detail of ["CPU s", "MAD %", "wall s", "max µs", "book 3rd ed."]) {
        assert(after!.includes(detail), detail);
      }
      assertEquals(after!.filter((heading) => before!.includes(heading)), before);
    });
    await test.step("has every design in every table of designs", () => {
      const tables = Object.entries(found.tables);
      assertEquals(tables.length, expected.length);
      for (const [name, wanted] of expected) {
        const [, texts] = tables.find(([title]) => title.startsWith(name))!;
        assertEquals(wanted.filter((id) => !texts.includes(id)), [], name);
      }
      assertEquals(found.explained, ids);
    });
    await test.step("sorts a table by mouse and by keyboard", () => {
      const [before, once, twice] = found.sorted;
      const numbers = once!.map(Number);
      assertEquals(numbers, numbers.toSorted((a, b) => a - b));
      assertEquals(twice, once!.toReversed());
      assertEquals(before!.toSorted(), once!.toSorted());
    });
    await test.step("switches scale and theme, shows values, hides controls in print", () => {
      const [log, linear] = found.scales;
      assertEquals([log!.length, linear!.length], [1, 1]);
      assertStringIncludes(log![0]!, "logarithmic");
      assertStringIncludes(linear![0]!, "linear");
      assertMatch(found.tip, /^[a-z-]+: [+−]?[\d.]+ s \(/);
      assertEquals(new Set(found.backgrounds).size, 2);
      assert(found.plainInPrint);
    });
    await test.step("contains the record, with any text in it", () => {
      const { run, trials } = example;
      assertEquals(found.record, JSON.parse(JSON.stringify({ run, trials })));
    });
  },
});
