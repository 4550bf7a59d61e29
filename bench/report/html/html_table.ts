/**
 * Tables as HTML. Columns sort by value, not by text.
 *
 * @module
 */
import type { Cell, Column, Table } from "../tables/table.ts";
import { type Content, type Html, markup } from "./html.ts";

/** A table with its title; the caller adds the notes. */
export function toHtml({ title, columns, rows, footer }: Table): Html {
  const shown = columns.flatMap((column, index) =>
    column.only === "csv" ? [] : [{ column, index }]
  );
  // The last key column names the row.
  const name = columns.findLast(({ key }) => key);
  const line = (row: readonly Cell[]) =>
    markup`<tr>${
      shown.map(({ column, index }) => draw(column, row[index]!, column === name))
    }</tr>\n`;
  const heading = ({ header, align }: Column) =>
    markup`<th scope="col"${leftIf(align)}><button type="button">${header}</button></th>`;
  return scrolling(
    title,
    markup`<table aria-label="${title}">
<thead><tr>${shown.map(({ column }) => heading(column))}</tr></thead>
<tbody>
${rows.map(line)}</tbody>
${footer.length > 0 && markup`<tfoot>\n${footer.map(line)}</tfoot>\n`}</table>`,
  );
}

/** Wide content that scrolls below a fixed title. */
export function scrolling(title: string, content: Html): Html {
  return markup`<p class="title">${title}</p>
<div class="scroll" role="region" tabindex="0" aria-label="${title}">
${content}
</div>
`;
}

function draw({ align }: Column, { value, text, warn }: Cell, isName: boolean): Html {
  const attributes = [
    typeof value === "number" && markup` data-value="${value}"`,
    leftIf(align),
    warn === true && markup` class="warn"`,
  ];
  return isName
    ? markup`<th scope="row"${attributes}>${text}</th>`
    : markup`<td${attributes}>${text}</td>`;
}

function leftIf(align: Column["align"]): Content {
  return align === "left" && markup` data-align="left"`;
}
