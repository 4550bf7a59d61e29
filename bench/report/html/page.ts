/**
 * The report of a run as a self-contained page: no network, no other files.
 *
 * @module
 */
import type { Pictures } from "../charts/charts.ts";
import type { ReportData } from "../summary/report_data.ts";
import { embedded, Html, markup } from "./html.ts";
import { caveats, summaryLine } from "./parts.ts";
import { runContents, type Section, sweepContents } from "./sections.ts";
import script from "./script.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** The page. The same data gives the same bytes. */
export function page(data: ReportData, pictures: Pictures): string {
  const { run, trials, sweep } = data;
  const { title, sections } = sweep
    ? sweepContents(data, sweep, pictures)
    : runContents(data, pictures);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Herd: ${title}</title>
<link rel="icon" href="data:,">
<style>
${new Html(style)}</style>
</head>
<body>
<header>
<p class="brand">Herd <button type="button" id="theme" hidden>Dark</button></p>
<h1>${title}</h1>
<p class="lede">${summaryLine(data)}</p>
${caveats(data)}</header>
<nav aria-label="Contents"><ol>
${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>\n`)}</ol></nav>
<main>
${sections.map(draw)}</main>
<div id="tip" role="status" hidden></div>
${
    trials &&
    markup`<script type="application/json" id="record">${embedded({ run, trials })}</script>\n`
  }<script>
${new Html(script)}</script>
</body>
</html>
`.text;
}

function draw({ id, title, body }: Section): Html {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;
}
