/**
 * Where time goes: the time of the processors while a load runs, in parts; and the CPU time of a server beside that of
 * the same design in C.
 *
 * @module
 */
import { besideC } from "../summary/beside_c.ts";
import type { ReportData } from "../summary/report_data.ts";
import { valuesOf } from "../summary/series.ts";
import { serverMachine } from "../summary/server_machine.ts";
import type { DesignSummary, TimePart } from "../summary/summary.ts";
import { short } from "../tables/table.ts";
import { callsPerConnection } from "../tables/syscalls.ts";
import { type Chart, NARROW, type Spec } from "./chart.ts";
import { NAMES_AXIS, rightOf, rowsOf } from "./rows.ts";
import { INK, type Layout } from "./theme.ts";

/** Shares of all processors' time. */
export const whereTimeGoes: Chart = {
  name: "where-time-goes",
  title:
    "Where the time of the processors goes while a load runs. Right: microseconds of all processors per " +
    "connection, and the system calls of one if they were traced",
  spec: shares,
};

/** CPU time beside C. */
export const costOfTypeScript: Chart = {
  name: "cost-of-typescript",
  title:
    "CPU microseconds per connection beside the same design in C; each chart has its own scale",
  spec: besides,
};

type Part = Exclude<TimePart, "wall" | "busy"> | "others" | "waiting";

/** Names and colors, in the order of the bars. */
const PARTS: Readonly<Record<Part, { readonly name: string; readonly color: string }>> = {
  user: { name: "server, user mode", color: "#a8660f" },
  kernel: { name: "server, kernel mode", color: "#2f6db3" },
  clients: { name: "clients", color: "#2a7d55" },
  interrupts: { name: "interrupts", color: "#8a4f9e" },
  others: { name: "other programs", color: INK.muted },
  waiting: { name: "waiting: nobody ran", color: INK.rule },
};

const ORDER = Object.keys(PARTS) as Part[];

/** A part of a bar. */
interface Piece {
  readonly part: string;
  /** Its place in the bar. */
  readonly order: number;
  readonly value: number;
  readonly text: string;
}

function piece(part: Part, value: number, text: string): Piece {
  const { name } = PARTS[part];
  return { part: name, order: ORDER.indexOf(part), value, text: `${text}, ${name}` };
}

/** The color of each part that there is, with a legend. */
function colorOf(pieces: readonly Piece[], legend: object) {
  const present = Object.values(PARTS).filter(({ name }) =>
    pieces.some(({ part }) => part === name)
  );
  const [domain, range] = [present.map(({ name }) => name), present.map(({ color }) => color)];
  return {
    field: "part",
    type: "nominal",
    scale: { domain, range },
    legend: { direction: "horizontal", ...legend },
  } as const;
}

const ENCODING = {
  order: { field: "order", type: "quantitative" },
  description: { field: "text" },
} as const;

/** Height of the legend, in pixels; for phones it has three rows. */
const TOP = 44;
const NARROW_TOP = 60;

function shares(data: ReportData, layout: Layout): Spec | null {
  const pairs = new Map(besideC(data).map(({ ours, c }) => [ours, c]));
  const others = data.designs.filter((design) => ![...pairs.values()].includes(design));
  const bars = others.flatMap((design) => [design, pairs.get(design) ?? []].flat())
    .flatMap((design) => barOf(data, design, layout) ?? []);
  if (bars.length === 0) return null;
  const labels = Object.fromEntries(bars.map(({ design, label }) => [design, label]));
  // The sign of micro is wide.
  const right = rightOf(Object.values(labels).map((label) => `${label} `));
  const { frame, y, legend } = rowsOf(bars, layout, {
    right,
    top: layout === NARROW ? NARROW_TOP : TOP,
  });
  const values = bars.flatMap(({ design, pieces }) => pieces.map((one) => ({ design, ...one })));
  const x = {
    field: "value",
    type: "quantitative",
    title: "share of the processors' time",
    scale: { domainMin: 0, domainMax: 1, nice: false },
    axis: { format: "%", tickCount: 5 },
  } as const;
  const color = colorOf(values, { ...legend, columns: layout.legendColumns });
  const labelExpr = `${JSON.stringify(labels)}[datum.label]`;
  return {
    ...frame,
    data: { values },
    resolve: { axis: { y: "independent" } },
    layer: [
      { mark: { type: "bar", height: 12 }, encoding: { x, y, color, ...ENCODING } },
      {
        mark: { type: "point", opacity: 0, aria: false },
        encoding: {
          x: { datum: 0 },
          y: { ...y, axis: { ...NAMES_AXIS, orient: "right", labelExpr } },
        },
      },
    ],
  };
}

/** The parts of a design's time, as shares; undefined if it is not known. */
function barOf({ run, series }: ReportData, { id, time }: DesignSummary, layout: Layout) {
  const { user, kernel, wall } = time;
  if (!user || !kernel || !wall) return undefined;
  const { processors, irqTimeAccounting } = serverMachine(run);
  const [known = processors] = valuesOf(series.filter(({ design }) => design === id), "processors");
  const all = known * wall.median;
  // Clients on another machine use other processors; interrupts are a part of all others unless they are counted apart.
  const own: Part[] = [
    "user",
    "kernel",
    ...(run.plan.hosts === null ? ["clients" as const] : []),
    ...(irqTimeAccounting ? ["interrupts" as const] : []),
  ];
  const measured = own.map((part) => [part, time[part as TimePart]?.median ?? 0] as const);
  const ours = sum(measured.map(([, value]) => value));
  const others = Math.max(0, (time.busy?.median ?? 0) - ours);
  const waiting = Math.max(0, all - ours - others);
  const whole = ours + others + waiting;
  const parts = [...measured, ["others", others], ["waiting", waiting]] as const;
  const pieces = parts.filter(([, value]) => value > 0).map(([part, value]) =>
    piece(part, value / whole, `${id}: ${short(value)} µs, ${(100 * value / whole).toFixed(0)} %`)
  );
  const trace = run.traces.find(({ design }) => design === id);
  const calls = trace && layout !== NARROW ? `, ${callsPerConnection(trace).toFixed(1)} calls` : "";
  return { design: id, label: `${short(whole)} µs${calls}`, pieces };
}

/** Height of a plot, width of its axis, and gaps between plots with room for axis and title, in pixels. */
const HEIGHT = 44;
const AXIS = 44;
const SPACING = { column: AXIS + 16, row: 56 };

function besides(data: ReportData, layout: Layout): Spec | null {
  const panels = besideC(data).flatMap(({ ours, c, comparison }) => {
    const pieces = [...piecesOf("Herd", ours), ...piecesOf("C", c)];
    return pieces.length === 0
      ? []
      : [{ title: `${ours.id}: ${short(comparison.ratio)} ×`, pieces }];
  });
  if (panels.length === 0) return null;
  const columns = Math.max(1, layout.columns - 1);
  const room = layout.width - AXIS - (columns - 1) * SPACING.column - 12;
  const color = colorOf(panels.flatMap(({ pieces }) => pieces), { columns: layout.legendColumns });
  const x = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { nice: false },
    axis: { tickCount: 3 },
  } as const;
  const y = {
    field: "server",
    type: "nominal",
    sort: ["Herd", "C"],
    title: null,
    axis: NAMES_AXIS,
  } as const;
  return {
    columns,
    bounds: "flush",
    spacing: SPACING,
    resolve: { scale: { color: "shared" } },
    concat: panels.map(({ title, pieces }) => ({
      width: Math.floor(room / columns),
      height: HEIGHT,
      data: { values: pieces },
      title: { text: title },
      mark: { type: "bar" as const, height: 14 },
      encoding: { x, y, color, ...ENCODING },
    })),
  };
}

function piecesOf(server: string, { id, time }: DesignSummary) {
  return (["user", "kernel"] as const).flatMap((part) => {
    const value = time[part]?.median;
    if (value === undefined) return [];
    return [{ server, ...piece(part, value, `${id}: ${short(value)} µs`) }];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
