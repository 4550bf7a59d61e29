/**
 * HTML from tagged templates. Inserted text is escaped; inserted HTML is not.
 *
 * @module
 */

import { plainJson } from "../tables/table.ts";

/** A piece of HTML. */
export class Html {
  /** Takes the text without escaping. */
  constructor(readonly text: string) {}
}

/** Content of a template. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * HTML from a template.
 *
 * @example
 * ```ts
 * import { markup } from "./html.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const items = ["a<b", "c"].map((name) => markup`<li>${name}</li>`);
 * assertEquals(markup`<ul>${items}</ul>`.text, "<ul><li>a&lt;b</li><li>c</li></ul>");
 * ```
 */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...contents.map(textOf)));
}

function textOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return escape(String(content));
}

/** Escapes text for elements and quoted attributes, without control characters. */
function escape(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(
    /[&<>"']|(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) => entities[character] ?? " ",
  );
}

/**
 * A value as JSON inside a `<script type="application/json">`. Nothing in it can end the script
 * (`</script>`), start a comment (`<!--`) or break a line of JavaScript (U+2028, U+2029).
 */
export function embedded(value: unknown): Html {
  return new Html(
    plainJson(JSON.stringify(value)).replace(
      /[<>&]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}
