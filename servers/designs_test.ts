import { assert, assertEquals, assertMatch } from "@std/assert";
import { designs, findDesign, loadListing, usualDesigns } from "./designs.ts";
import * as lockedAccept from "./listings/locked_accept.ts";

Deno.test("designs have ids of their own that can be typed", () => {
  const ids = designs.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const id of ids) assertMatch(id, /^[a-z]+(-[a-z]+)*$/);
  for (const design of designs) assertEquals(findDesign(design.id), design);
  assertEquals(findDesign("prefork"), undefined);
});

Deno.test("designs have each row of the book once, in its order", () => {
  const rows = designs.flatMap(({ row }) => row ?? []);
  assertEquals(rows, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("usualDesigns() are those of the book, or those of a local run", () => {
  assertEquals(usualDesigns(false), designs.filter(({ row }) => row !== undefined));
  assertEquals(usualDesigns(true), designs.filter(({ isLocal }) => isLocal));
});

Deno.test("designs have titles and words of their own", () => {
  assertEquals(new Set(designs.map(({ title }) => title)).size, designs.length);
  for (const { accepts } of designs) assert(accepts.length > 0);
});

Deno.test("designs have listings with what their children need", async () => {
  for (const design of designs) {
    const { id, children, lifetime, passes, isAsync } = design;
    const { parent, child, start, serve } = await loadListing(design);
    const starts = [parent, start, serve].map((one) => typeof one).toSorted();
    assertEquals(starts, ["function", "undefined", "undefined"], id);
    assertEquals(typeof serve === "function", isAsync === true, id);
    // The children of a launcher are another program, and a library's threads are its own.
    const isHere = children !== "none" && children !== "exec" && start === undefined;
    assertEquals(typeof child, isHere ? "function" : "undefined", id);
    assertEquals(lifetime === undefined, children === "none", id);
    if (passes) assertEquals(lifetime, "pool", id);
  }
});

Deno.test("designs have a lock just where their listing is locked_accept.ts", async () => {
  for (const design of designs) {
    const { id, lock } = design;
    assertEquals(await loadListing(design) === lockedAccept, lock !== undefined, id);
  }
});

/** The lines of a listing behind its header. */
function linesOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, import.meta.url));
  return text.slice(text.indexOf("*/\n") + 3).split("\n");
}

Deno.test("locked_accept.ts is shared_accept.ts and the lock, nothing else", () => {
  const [shared, locked] = [
    linesOf("./listings/shared_accept.ts"),
    linesOf("./listings/locked_accept.ts"),
  ];
  assertEquals(locked.filter((line) => !shared.includes(line)), [
    "export function child({ listener, lock, serve }: ChildContext): never {",
    "    lock.acquire();",
    "    lock.release();",
  ]);
  const withoutLock = locked.filter((line) => !/^ +lock\.\w+\(\);$/.test(line))
    .map((line) => line.replace(" lock,", ""));
  assertEquals(withoutLock, shared);
});
