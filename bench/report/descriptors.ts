/**
 * The book's figures 30.2, 30.3 and 30.4: the sockets and descriptors of a running server, as a table and
 * as a drawing.
 *
 * @module
 */
import type { HeldSocket, HolderProcess, SocketHolders } from "../machine/holders.ts";
import { INK, MAKINGS } from "./charts/theme.ts";
import { type Cell, type Table, textCell } from "./tables/table.ts";
import { markup } from "./html/html.ts";

/** One row per socket, one column per process; the cells hold descriptor numbers. */
export function descriptorTable(
  { parent, children, sockets }: SocketHolders,
  title: string,
): Table {
  const processes = [parent, ...children];
  return {
    title,
    columns: [
      { header: "socket", field: "socket", align: "left", key: true },
      ...processes.map(({ name }) => ({ header: name, field: name })),
    ],
    rows: sockets.map((socket): Cell[] => [
      textCell(socket.name),
      ...processes.map(({ pid }) => textCell(descriptorsIn(socket, pid) || null)),
    ]),
    footer: [[textCell("process"), ...processes.map(({ pid }) => textCell(String(pid)))]],
    notes: ["Cells: the process's descriptor for the socket; a dash: it does not hold the socket."],
  };
}

function descriptorsIn({ holders }: HeldSocket, pid: number): string {
  return holders.filter((holder) => holder.pid === pid)
    .map(({ descriptor }) => descriptor).join(", ");
}

/** In pixels. The parent is on the left, the sockets in the middle, the children on the right. */
const WIDTH = 760;
const MARGIN = 16;
const BOX = { width: 150, height: 44 };
const STEP = 62;
const COLUMNS = {
  parent: MARGIN,
  sockets: (WIDTH - BOX.width) / 2,
  children: WIDTH - MARGIN - BOX.width,
};

/** The drawing as SVG, with a line from each process to each socket it holds. */
export function drawDescriptors(
  { parent, children, sockets }: SocketHolders,
  title: string,
): string {
  const places = Math.max(sockets.length, children.length + 1);
  const height = MARGIN + places * STEP;
  const top = (place: number) => MARGIN + 28 + place * STEP;
  // The label stands at the end where only one line arrives, below it: lines come from above.
  const lines = sockets.flatMap((socket, place) => {
    const left = { x: COLUMNS.sockets, y: top(place) };
    const right = { x: COLUMNS.sockets + BOX.width, y: top(place) };
    return [
      line(socket, parent, { x: COLUMNS.parent + BOX.width, y: top(0) }, left, left),
      ...children.map((child, index) => {
        const at = { x: COLUMNS.children, y: top(index + 1) };
        return line(socket, child, at, right, at);
      }),
    ];
  });
  const member = ({ name, pid }: HolderProcess, x: number, y: number) =>
    box(x, y, 2, name, `process ${pid}`, MAKINGS.fork.color);
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${
    height + 28
  }" viewBox="0 0 ${WIDTH} ${height + 28}" font-family="system-ui, sans-serif" role="img">
<title>${title}</title>
<rect width="100%" height="100%" fill="white"/>
<text x="${MARGIN}" y="24" font-size="13" font-weight="600" fill="${INK.text}">${title}</text>
${lines}${member(parent, COLUMNS.parent, top(0))}${
    children.map((child, index) => member(child, COLUMNS.children, top(index + 1)))
  }${
    sockets.map(({ name }, place) =>
      box(COLUMNS.sockets, top(place), BOX.height / 2, name, null, INK.muted)
    )
  }</svg>
`.text;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line from a process to a socket, with its descriptor numbers; null if it has none. */
function line(socket: HeldSocket, { pid }: HolderProcess, from: Point, to: Point, label: Point) {
  const numbers = descriptorsIn(socket, pid);
  if (numbers === "") return null;
  const middle = BOX.height / 2;
  return markup`<line x1="${from.x}" y1="${from.y + middle}" x2="${to.x}" y2="${
    to.y + middle
  }" stroke="${INK.muted}"/>
<text x="${label.x - 8}" y="${
    label.y + middle + 15
  }" text-anchor="end" font-size="11" fill="${INK.text}">${numbers}</text>
`;
}

function box(
  x: number,
  y: number,
  radius: number,
  name: string,
  below: string | null,
  color: string,
) {
  const center = x + BOX.width / 2;
  return markup`<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="${radius}" fill="white" stroke="${color}" stroke-width="1.5"/>
<text x="${center}" y="${
    y + (below === null ? 26 : 19)
  }" text-anchor="middle" font-size="12" fill="${INK.text}">${name}</text>
${
    below !== null &&
    markup`<text x="${center}" y="${
      y + 34
    }" text-anchor="middle" font-size="11" fill="${INK.muted}">${below}</text>
`
  }`;
}
