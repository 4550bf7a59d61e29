/**
 * CPU time per child, in the round of Table 30.2.
 *
 * @module
 */
import type { Distribution } from "../summary/distribution.ts";
import type { Summary } from "../summary/summary.ts";
import { numberCell, type Table, textCell } from "./table.ts";

/** One column per design with a pool, one row per child; milliseconds. */
export function tableCpu({ designs }: Summary): Table {
  const pools = designs.flatMap(({ id, distribution }) =>
    distribution ? [{ id, distribution }] : []
  );
  const indexes = new Set(
    pools.flatMap(({ distribution }) => distribution.children.map(({ index }) => index)),
  );
  const row = (
    name: string,
    seconds: (distribution: Distribution) => number | null | undefined,
  ) => [
    textCell(name),
    ...pools.map(({ distribution }) => {
      const value = seconds(distribution);
      return numberCell(value == null ? null : 1000 * value, 2);
    }),
  ];
  const cpuOf = (index: number) => ({ children }: Distribution) =>
    children.find((child) => child.index === index)?.cpuSeconds;
  return {
    title: "CPU milliseconds per child",
    columns: [
      { header: "child", field: "child", align: "left", key: true },
      ...pools.map(({ id }) => ({ header: id, field: `${id}_cpu_milliseconds` })),
    ],
    rows: [...indexes].toSorted((a, b) => a - b).map((index) => row(String(index), cpuOf(index))),
    footer: pools.length === 0 ? [] : [
      row("parent", ({ parentCpuSeconds }) => parentCpuSeconds),
      row(
        "sum",
        ({ children, parentCpuSeconds }) =>
          children.reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), parentCpuSeconds ?? 0),
      ),
    ],
    notes: ["From the round of Table 30.2. The parent accepts, passes connections on, or waits."],
  };
}
