/**
 * The book's own results, printed beside ours.
 *
 * Source: W. Richard Stevens, Bill Fenner, Andrew M. Rudoff, *Unix Network Programming*, volume 1,
 * third edition, chapter 30, tables 30.1 and 30.2; the results by system, and those of too many children,
 * are from the older edition.
 * The machines are decades old: compare order and ratios, not absolute values.
 *
 * @module
 */

/** A row of Table 30.1: process-control CPU seconds above the baseline. Null: not measured. */
export interface BookCost {
  /** Row of the table. */
  readonly row: number;
  /** Older edition, Solaris; CPU seconds. */
  readonly solaris: number | null;
  /** Older edition, Digital Unix; CPU seconds. */
  readonly digitalUnix: number | null;
  /** Older edition, BSD/OS; CPU seconds. */
  readonly bsdOs: number | null;
  /** Third edition; CPU seconds. */
  readonly thirdEdition: number | null;
}

/** A column of Table 30.2. */
export interface BookDistribution {
  /** Row of the design in Table 30.1. */
  readonly row: number;
  /** Operating system, as the book writes it. */
  readonly system: "Solaris" | "DUnix" | "BSD/OS";
  /** Clients served by child 0, 1, … 14. */
  readonly counts: readonly number[];
}

/** The cost of more children for the same clients: a column of the book's "too many children". */
export interface BookTooMany {
  /** Row of the design in Table 30.1. */
  readonly row: number;
  /** Operating system, as the book writes it. */
  readonly system: BookDistribution["system"];
  /** Process-control CPU seconds by number of children. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Table 30.1. */
export const BOOK_COSTS: readonly BookCost[] = [
  { row: 1, solaris: 504.2, digitalUnix: 168.9, bsdOs: 29.6, thirdEdition: 20.90 },
  { row: 2, solaris: null, digitalUnix: 6.2, bsdOs: 1.8, thirdEdition: 1.80 },
  { row: 3, solaris: 25.2, digitalUnix: 10.0, bsdOs: 2.7, thirdEdition: 2.07 },
  { row: 4, solaris: 21.5, digitalUnix: null, bsdOs: null, thirdEdition: 1.75 },
  { row: 5, solaris: 36.7, digitalUnix: 10.9, bsdOs: 6.1, thirdEdition: 2.58 },
  { row: 6, solaris: 18.7, digitalUnix: 4.7, bsdOs: null, thirdEdition: 0.99 },
  { row: 7, solaris: 8.6, digitalUnix: 3.5, bsdOs: null, thirdEdition: 1.93 },
  { row: 8, solaris: 14.5, digitalUnix: 5.0, bsdOs: null, thirdEdition: 2.05 },
];

/** Table 30.2. */
export const BOOK_DISTRIBUTIONS: readonly BookDistribution[] = [
  {
    row: 2,
    system: "DUnix",
    counts: [318, 343, 326, 317, 309, 344, 340, 337, 340, 309, 356, 354, 356, 302, 349],
  },
  {
    row: 2,
    system: "BSD/OS",
    counts: [333, 340, 335, 335, 332, 331, 333, 333, 332, 331, 334, 333, 334, 332, 332],
  },
  {
    row: 3,
    system: "Solaris",
    counts: [347, 328, 332, 335, 338, 340, 335, 343, 324, 315, 326, 340, 330, 331, 336],
  },
  {
    row: 3,
    system: "DUnix",
    counts: [335, 334, 334, 333, 333, 335, 330, 334, 333, 333, 333, 334, 333, 333, 333],
  },
  {
    row: 5,
    system: "Solaris",
    counts: [1006, 950, 720, 582, 485, 457, 385, 250, 105, 32, 14, 9, 4, 1, 0],
  },
  {
    row: 5,
    system: "DUnix",
    counts: [718, 647, 589, 554, 526, 501, 447, 389, 314, 208, 62, 18, 14, 12, 1],
  },
  {
    row: 5,
    system: "BSD/OS",
    counts: [530, 529, 509, 502, 501, 495, 488, 484, 460, 443, 59, 0, 0, 0, 0],
  },
  {
    row: 7,
    system: "Solaris",
    counts: [333, 323, 333, 328, 329, 322, 324, 360, 341, 348, 358, 331, 321, 329, 320],
  },
  {
    row: 7,
    system: "DUnix",
    counts: [335, 337, 338, 311, 345, 332, 355, 322, 336, 337, 334, 340, 317, 326, 335],
  },
];

/** The book's results for too many children. */
export const BOOK_TOO_MANY: readonly BookTooMany[] = [
  tooMany(2, "DUnix", [6.2, 7.8, 8.9, 10.1, 11.4, 12.6, 13.2, 15.7]),
  tooMany(2, "BSD/OS", [1.8, 3.5, 5.5, 6.9, 8.7, 10.9, 12.0, 13.5]),
  tooMany(3, "Solaris", [25.2, 27.3, 29.7, 34.2, 39.8, 130.1]),
  tooMany(3, "DUnix", [10.0, 11.2, 13.1, 14.3, 16.0, 17.6, 19.7, 22.0]),
];

/** Results for 15 children, 30, 45 and so on. */
function tooMany(
  row: number,
  system: BookTooMany["system"],
  seconds: readonly number[],
): BookTooMany {
  return { row, system, seconds: new Map(seconds.map((one, i) => [15 * (i + 1), one])) };
}
