/**
 * Herd's own programs as one line of text, for machines that have nothing of Herd but Deno: the sources of server
 * and load, which import no package. Another machine writes them into a folder that is named by their hash.
 *
 * @module
 */
import { UnsupportedError } from "../../servers/errors.ts";

/** What is sent: all that `host_main.ts` and the programs that it starts may import. */
export const SENT = ["servers", "clients", "bench/machine", "bench/agents"] as const;

/** Programs for another machine. */
export interface Archive {
  /** SHA-256 of the sources, in hexadecimal. */
  readonly hash: string;
  /** A JSON object of sources by path, compressed, in base64. */
  readonly line: string;
}

const ROOT = new URL("../../", import.meta.url);

/** Packs the sources. @throws {UnsupportedError} if these are no files: Deno runs them from a server. */
export async function packSources(): Promise<Archive> {
  if (ROOT.protocol !== "file:") {
    throw new UnsupportedError(
      "Cannot send Herd to other hosts: it was loaded from a server; write npm install @herd/herd, " +
        "or use a checkout",
    );
  }
  const paths = SENT.flatMap((folder) => [...sourcesIn(folder)]).toSorted();
  const sources = paths.map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]);
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(sources)));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const gzip = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const compressed = new Uint8Array(await new Response(gzip).arrayBuffer());
  return { hash: digest.toHex(), line: compressed.toBase64() };
}

/** The sources in a folder, without tests and what only they use. */
function* sourcesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`${folder}/`, ROOT))) {
    if (/^testing|_test\.ts$/.test(name)) continue;
    if (isDirectory) yield* sourcesIn(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

/** Prints an event without a message: there is no Deno. */
const MISSING = String.raw`echo "{\"event\":\"refused\",\"host\":\"{self}\"}"`;

/** What Deno runs there first. */
const UNPACK = new URL("./unpack.js", import.meta.url);

/** What sh(1) runs there. It has no quote of the kind `'`, and no `%`, which clush(1) would read. */
export function bootScript({ hash }: Archive): string {
  const flags = ["--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
  const permissions = ["--allow-ffi", "--allow-run", "--allow-read", "--allow-write"];
  // In quotes, for the semicolon.
  const program = `"data:text/javascript;base64,${Deno.readFileSync(UNPACK).toBase64()}"`;
  return [
    "PATH=$PATH:$HOME/.deno/bin",
    `d=\${XDG_CACHE_HOME:-\${HOME:-/tmp}/.cache}/herd/${hash.slice(0, 16)}`,
    `command -v deno >/dev/null 2>&1 || { ${MISSING}; exit 4; }`,
    // Deno compiles the sources once, and keeps that beside them.
    'export DENO_DIR="$d/deno" DENO_NO_UPDATE_CHECK=1 NO_COLOR=1',
    `exec deno run ${[...flags, ...permissions].join(" ")} ${program} ${hash} "$d" {self} ` +
    Deno.version.deno,
  ].join("; ");
}
