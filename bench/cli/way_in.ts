/**
 * How a user writes a command.
 *
 * @module
 */

/** Whether these sources are in no checkout: npm installed them, or Deno downloaded them. */
export const IS_INSTALLED = !import.meta.url.startsWith("file:") ||
  import.meta.url.includes("/node_modules/");

/** Commands that write into a checkout. */
export const OF_CHECKOUT: readonly string[] = ["docs", "schema"];

/** The commands that there are here, by name. */
export function existingHere<T>(
  commands: Readonly<Record<string, T>>,
  isInstalled = IS_INSTALLED,
): Readonly<Record<string, T>> {
  if (!isInstalled) return commands;
  return Object.fromEntries(
    Object.entries(commands).filter(([name]) => !OF_CHECKOUT.includes(name)),
  );
}

/** A text with commands as one writes them here: `herd X` is what `deno task X` is in a checkout. */
export function asWrittenHere(text: string, isInstalled = IS_INSTALLED): string {
  return isInstalled ? text.replaceAll("deno task ", "herd ") : text;
}
