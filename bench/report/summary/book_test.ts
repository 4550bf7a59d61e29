import { assertEquals } from "@std/assert";
import { BOOK_COSTS, BOOK_DISTRIBUTIONS, BOOK_TOO_MANY } from "./book.ts";

Deno.test("BOOK_DISTRIBUTIONS are 5000 clients over 15 children, each of them", () => {
  for (const { row, system, counts } of BOOK_DISTRIBUTIONS) {
    const sum = counts.reduce((total, one) => total + one, 0);
    assertEquals([counts.length, sum], [15, 5000], `row ${row}, ${system}`);
  }
});

Deno.test("BOOK_COSTS has rows 1 to 8 of the third edition, threads per client the cheapest", () => {
  assertEquals(BOOK_COSTS.map(({ row }) => row), [1, 2, 3, 4, 5, 6, 7, 8]);
  const byCost = BOOK_COSTS.toSorted((a, b) => a.thirdEdition! - b.thirdEdition!);
  assertEquals(byCost.map(({ row }) => row), [6, 4, 2, 7, 8, 3, 5, 1]);
});

Deno.test("BOOK_TOO_MANY starts with the 15 children of Table 30.1, and never gets cheaper", () => {
  const columns = { "Solaris": "solaris", "DUnix": "digitalUnix", "BSD/OS": "bsdOs" } as const;
  for (const { row, system, seconds } of BOOK_TOO_MANY) {
    const cost = BOOK_COSTS.find((cost) => cost.row === row)!;
    assertEquals(seconds.get(15), cost[columns[system]], `row ${row}, ${system}`);
    assertEquals([...seconds.values()], [...seconds.values()].toSorted((a, b) => a - b));
  }
});
