/**
 * A command line as words.
 *
 * @module
 */

/**
 * Splits a line into words as a POSIX shell does: at spaces outside of quotes; a backslash takes the next character
 * as it is, within double quotes only `"`, `\` and `$`. Nothing else has a meaning: no variables, no pipes.
 *
 * @returns undefined if a quote is not closed.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let word: string | undefined;
  while (part.lastIndex < line.length) {
    const match = part.exec(line);
    if (match === null) return undefined;
    const [all, single, double, escaped, plain] = match;
    const text = single ?? double?.replaceAll(/\\(["\\$])/g, "$1") ?? escaped ?? plain;
    if (text !== undefined) word = (word ?? "") + text;
    else if (/\S/.test(all) === false && word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
