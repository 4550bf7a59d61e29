// deno-lint-ignore-file no-import-prefix -- what deno.json names is downloaded by every first command
/**
 * A program for the test of the report: opens the page in a browser, uses it, and prints its findings as one
 * line of JSON. It is a separate program because playwright needs all permissions. Versions stand here for the
 * same reason as that of fast-check.
 *
 * @module
 */
import axe from "npm:axe-core@4.14.1";
import { isLong } from "../../../servers/testing/long.ts";
import { chromium, type Page } from "npm:playwright-core@1.65.1";

/** The window widths and color schemes to test: the narrow one in the dark, or in the long tests all. */
const VIEWS = [390, 1440].flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, scheme }))
).filter(({ width, scheme }) => isLong || width === 390 && scheme === "dark");

/** Findings about a page. */
export interface Findings {
  /** Errors and warnings in the console, and uncaught exceptions. */
  readonly errors: readonly string[];
  /** Requested addresses other than the page. */
  readonly requests: readonly string[];
  /** By view: "390 dark". */
  readonly views: Readonly<Record<string, View>>;
  /** Row and column headings and links of each table, by its name. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** Names of the described designs. */
  readonly explained: readonly string[];
  /** Tables of the reference run that scroll in a window of 1440 pixels. */
  readonly scrolled: readonly string[];
  /** Column headings of Table 30.1 without JavaScript, before and after using the switch by keyboard. */
  readonly columns: readonly (readonly string[])[];
  /** A column as it is, after a click on its heading, and after using it by keyboard. */
  readonly sorted: readonly (readonly string[])[];
  /** Titles of the visible charts of Table 30.1, before and after switching the scale. */
  readonly scales: readonly (readonly string[])[];
  /** Text of the tooltip over a mark. */
  readonly tip: string;
  /** Background before and after switching the theme. */
  readonly backgrounds: readonly string[];
  /** Whether contents and controls are hidden in print. */
  readonly plainInPrint: boolean;
  /** The record as downloaded from the page. */
  readonly record: unknown;
}

/** A page in one layout. */
export interface View {
  /** Violations found by axe-core, each with its first element. */
  readonly violations: readonly string[];
  /** Width of the page minus that of the window, in pixels. */
  readonly overflow: number;
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-quic",
  "--no-first-run",
  "--disable-component-update",
  "--disable-sync",
];

async function browse(
  executablePath: string,
  path: string,
  reference: string,
  shots?: string,
): Promise<Findings> {
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS, env: {} });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const url = `file://${path}`;
    await page.goto(url);
    const views: Record<string, View> = {};
    for (const { width, scheme } of VIEWS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      views[`${width} ${scheme}`] = await inspect(page);
      const file = `${shots}/${width}-${scheme}.png`;
      if (shots !== undefined) await page.screenshot({ path: file, fullPage: true });
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    const used = await use(page);
    const plain = await browser.newPage({ javaScriptEnabled: false });
    await plain.goto(url);
    const columns = await showDetails(plain);
    const scrolled = await findScrolled(await browser.newPage(), reference);
    const others = requests.filter((requested) => requested !== url);
    return { errors, requests: others, views, columns, scrolled, ...used };
  } finally {
    await browser.close();
  }
}

async function inspect(page: Page): Promise<View> {
  const { violations } = await page.evaluate<axe.AxeResults>(`${axe.source}; axe.run()`);
  return {
    violations: violations.map(({ id, nodes: [node] }) => `${id}: ${node!.html}`),
    overflow: await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
  };
}

/** The tables of another page that are wider than a window of 1440 pixels. */
async function findScrolled(page: Page, path: string): Promise<string[]> {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`file://${path}`);
  return await page.evaluate(
    "[...document.querySelectorAll('.scroll')].filter((region) => " +
      "region.scrollWidth > region.clientWidth).map((region) => region.ariaLabel)",
  );
}

async function showDetails(page: Page): Promise<Findings["columns"]> {
  const headings = () => page.locator("#costs thead th:visible").allInnerTexts();
  const before = await headings();
  await page.locator("#costs").getByLabel("All columns").press("Space");
  return [before, await headings()];
}

async function use(page: Page) {
  const texts = (selector: string) => page.locator(selector).allInnerTexts();
  const tables = await headingsOf(page);
  const sorted = await sort(page);

  const charts = "#costs figcaption:visible";
  const scales = [await texts(charts)];
  await page.getByLabel("linear", { exact: true }).check();
  scales.push(await texts(charts));
  await page.locator('#costs .linear .wide path[data-tip*=" s ("]').first().hover();
  const tip = await page.locator("#tip").innerText();

  const background = "getComputedStyle(document.documentElement).backgroundColor";
  const backgrounds = [await page.evaluate<string>(background)];
  await page.locator("#theme").click();
  backgrounds.push(await page.evaluate<string>(background));

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the record" }).click();
  const record = JSON.parse(await Deno.readTextFile(await (await download).path()));

  await page.emulateMedia({ media: "print" });
  const left = await page.locator("nav:visible, #theme:visible, fieldset:visible").count();
  const explained = (await texts("#designs h3")).map((text) => text.split(" ")[0]!);
  return { tables, explained, sorted, scales, tip, backgrounds, record, plainInPrint: left === 0 };
}

async function headingsOf(page: Page): Promise<Findings["tables"]> {
  const tables = (await page.locator("table").all()).map(async (table) => [
    (await table.getAttribute("aria-label"))!,
    await table.locator("th, a").allInnerTexts(),
  ]);
  return Object.fromEntries(await Promise.all(tables));
}

/** A column as it is, after a click on its heading, and after using it by keyboard. */
async function sort(page: Page): Promise<Findings["sorted"]> {
  const column = () => page.locator("#costs tbody td:nth-child(8)").allInnerTexts();
  const heading = page.locator("#costs").getByRole("button", { name: "CPU µs /conn." });
  const before = await column();
  await heading.click();
  const clicked = await column();
  await heading.press("Enter");
  return [before, clicked, await column()];
}

if (import.meta.main) {
  const [browser, path, reference, shots] = Deno.args;
  console.log(JSON.stringify(await browse(browser!, path!, reference!, shots)));
}
