/**
 * Tables as HTML. Columns sort by value, not by text. A switch shows columns with details, and rows that have
 * values only in those.
 *
 * @module
 */
import type { Cell, Column, Table } from "../tables/table.ts";
import { type Content, type Html, markup } from "./html.ts";

/** A table with its title, and a switch for its details if it has any; the caller adds the notes. */
export function toHtml(
  { title, columns, rows, footer }: Table,
  detailsLabel = "All columns",
): Html {
  const shown = columns.flatMap((column, index) =>
    column.only === "csv" ? [] : [{ column, index }]
  );
  // The last key column names the row.
  const name = columns.findLast(({ key }) => key);
  const main = shown.filter(({ column: { detail = false, key = false } }) => !detail && !key);
  const isDetail = (row: readonly Cell[]) => main.every(({ index }) => row[index]!.value === null);
  const line = (row: readonly Cell[]) =>
    markup`<tr${isDetail(row) && markup` class="detail"`}>${
      shown.map(({ column, index }) => draw(column, row[index]!, column === name))
    }</tr>\n`;
  const heading = (column: Column) =>
    markup`<th scope="col"${
      attributesOf(column)
    }><button type="button">${column.header}</button></th>`;
  const table = markup`<table aria-label="${title}">
<thead><tr>${shown.map(({ column }) => heading(column))}</tr></thead>
<tbody>
${rows.map(line)}</tbody>
${footer.length > 0 && markup`<tfoot>\n${footer.map(line)}</tfoot>\n`}</table>`;
  const hasDetails = shown.some(({ column: { detail = false } }) => detail);
  return scrolling(title, table, hasDetails ? detailsLabel : null);
}

/** Wide content that scrolls below a fixed title and, with a label, the switch for its details. */
export function scrolling(title: string, content: Html, detailsLabel: string | null = null): Html {
  return markup`<p class="title">${title}</p>
${
    // The style sheet shows the details while it is checked.
    detailsLabel !== null &&
    markup`<p class="details"><label><input type="checkbox"> ${detailsLabel}</label></p>
`}<div class="scroll" role="region" tabindex="0" aria-label="${title}">
${content}
</div>
`;
}

function draw(column: Column, { value, text, warn }: Cell, isName: boolean): Html {
  const attributes = [
    typeof value === "number" && markup` data-value="${value}"`,
    attributesOf(column, warn === true ? "warn" : null),
  ];
  return isName
    ? markup`<th scope="row"${attributes}>${text}</th>`
    : markup`<td${attributes}>${text}</td>`;
}

function attributesOf({ align, detail = false }: Column, name: string | null = null): Content {
  const classes = [...(name === null ? [] : [name]), ...(detail ? ["detail"] : [])];
  return [
    align === "left" && markup` data-align="left"`,
    classes.length > 0 && markup` class="${classes.join(" ")}"`,
  ];
}
