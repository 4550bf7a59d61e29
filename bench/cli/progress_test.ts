import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runOnTerminal } from "../../servers/testing/task.ts";
import { makePlan } from "../plan/plan.ts";
import { Bar } from "./progress.ts";
import { trial } from "../report/testing_fixture.ts";

const plan = makePlan({ designs: ["prefork-mutex"], seed: 1, rounds: 2 });

/** A bar on a terminal of 200 columns, with a clock and a counter that tests set. */
class BarOnScreen implements Disposable {
  now = 0;
  connections: number | null = 0;
  #written = "";
  readonly bar = new Bar(
    plan,
    plan.trials,
    { write: (text) => this.#written += text, size: () => ({ columns: 200, rows: 24 }) },
    { now: () => this.now, connections: () => this.connections },
  );

  /** The output since the last call. */
  output(): string {
    const written = this.#written;
    this.#written = "";
    return written;
  }

  /** Runs a trial that takes so many seconds. */
  run(index: number, seconds: number, failed?: string): void {
    const planned = plan.trials[index]!;
    this.bar.started(planned);
    this.now += 1000 * seconds;
    const { design, round } = planned;
    this.bar.ended(trial(failed === undefined ? { design, round } : { design, round, failed }));
  }

  [Symbol.dispose](): void {
    this.bar[Symbol.dispose]();
  }
}

Deno.test("Bar shows the current trial and its connections per second", () => {
  using screen = new BarOnScreen();
  screen.bar.started(plan.trials[0]!);
  const first = screen.output();
  assertStringIncludes(first, "░ 0/4  round 1/2  ");
  assertStringIncludes(first, plan.trials[0]!.design);
  assert(!first.includes("connections/s"));
  screen.now = 500;
  screen.connections = 700;
  screen.bar.step();
  assertStringIncludes(screen.output(), "  1400 connections/s now");
  screen.connections = null;
  screen.now = 1000;
  screen.bar.step();
  assert(!screen.output().includes("connections/s"));
});

Deno.test("Bar shows the last result and the time left, which it learns from earlier trials", () => {
  using screen = new BarOnScreen();
  screen.run(0, 70);
  assertMatch(screen.output(), /█+░+ 1\/4 .*about 3:30 left\nlast: round 1\/2 .* 0\.100 s CPU/);
  screen.run(1, 10);
  assertStringIncludes(screen.output(), "2/4  about 1:20 left\n");
  screen.bar.started(plan.trials[2]!);
  screen.now += 5000;
  screen.bar.step();
  assertStringIncludes(screen.output(), "about 1:15 left\n");
  // A trial that takes longer than it should, before another of 70 s.
  screen.now += 100_000;
  screen.bar.step();
  assertStringIncludes(screen.output(), "about 1:10 left\n");
});

Deno.test("Bar prints which design is left out, and does not count it any more", () => {
  using screen = new BarOnScreen();
  screen.run(0, 1);
  screen.output();
  screen.bar.leftOut(plan.trials.slice(3));
  const text = screen.output();
  assertStringIncludes(text, `The budget of 0 s is spent`);
  assertStringIncludes(text, " 1/3  about 0:02 left\n");
});

Deno.test("Bar prints failures as permanent lines, and removes itself", () => {
  using screen = new BarOnScreen();
  screen.run(0, 1, "timed out");
  const [, line] = screen.output().match(/(round 1\/2 .*timed out.*)\n/)!;
  assertStringIncludes(line!, "failed: timed out");
  screen.bar[Symbol.dispose]();
  assertEquals(screen.output(), "\x1b[1A\r\x1b[J");
});

const canTrace = isLong &&
  await new Deno.Command("strace", { args: ["-V"], stdout: "null" }).output()
    .then(({ success }) => success, () => false);

/** A seed with which the baseline comes first: its clients do not wait, and it is over soon. */
const SEED = Array.from({ length: 100 }, (_, seed) => seed).find((seed) =>
  makePlan({ designs: ["prefork-mutex"], seed }).trials[0]!.design === "iterative"
)!;

Deno.test({
  name:
    "bench shows a bar on a terminal, what it traces (in the long tests), and its tables (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const { code, text } = await runOnTerminal(
      "bench",
      ...["--designs", "prefork-mutex", "--rounds", "1", "--seed", String(SEED)],
      // Longer than it takes to know how many connections there are a second.
      ...[
        "--clients",
        "2",
        "--connections",
        "15",
        "--think",
        "100",
        "--output",
        `${folder.path}/run`,
      ],
      ...canTrace ? ["--trace"] : [],
    );
    assertEquals(code, 0, text);
    const bar = /█░+ 1\/2 {2}round 1\/1 {2}prefork-mutex {2}\d+ connections\/s now\r\n/;
    assertMatch(text, bar);
    assertMatch(text, /\r\nlast: round 1\/1 /);
    assertStringIncludes(text, "\r\n\x1b[2A\r\x1b[J");
    assertMatch(text, /\r\nTable 30\.1: /);
    if (!canTrace) return;
    assertStringIncludes(text, "tracing prefork-mutex\r\n");
    assertStringIncludes(text, "System calls per connection");
  },
});
