/**
 * How a user writes a command.
 *
 * @module
 */

/** Whether these sources are in no checkout: npm installed them, or Deno downloaded them. */
const IS_INSTALLED = !import.meta.url.startsWith("file:") ||
  import.meta.url.includes("/node_modules/");

/** A text with commands as one writes them here: `herd X` is what `deno task X` is in a checkout. */
export function asWrittenHere(text: string, isInstalled = IS_INSTALLED): string {
  return isInstalled ? text.replaceAll("deno task ", "herd ") : text;
}
