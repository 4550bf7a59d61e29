/**
 * Builds the npm package, `deno task pack [FOLDER]`: the sources as they are, each package that they import
 * as one file, and a program `herd` that runs both with the Deno that npm installs beside it. The last line
 * that it prints is the path of the `.tgz`.
 *
 * The package.json stands in a folder of its own: beside deno.json it would change how Deno resolves modules.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { OF_CHECKOUT } from "../bench/cli/way_in.ts";

const ROOT = `${import.meta.dirname}/..`;

/** What is packed beside the sources. */
const FILES = ["deno.json", "README.md", "LICENSE"];

/** Builds `package/` and the `.tgz` in a folder, and returns the path of the latter. */
export async function pack(folder: string): Promise<string> {
  const at = `${folder}/package`;
  await Deno.remove(at, { recursive: true }).catch(() => {});
  const sources = [...walk("mod.ts"), ...walk("bench"), ...walk("clients"), ...walk("servers")];
  for (const path of [...FILES, ...sources]) await copy(path, `${at}/${path}`);

  const imported = await packagesOf(sources);
  const vendored = await Promise.all(
    imported.map(async (name) => [name, await vendor(name, at)] as const),
  );
  await write(`${at}/import_map.json`, json({ imports: Object.fromEntries(vendored) }));
  await write(`${at}/vendor/LICENSES.txt`, await licenses());

  await write(`${at}/package.json`, json(manifest()));
  await write(`${at}/bin/herd`, launcher());
  await Deno.chmod(`${at}/bin/herd`, 0o755);

  const name = `${config.name.replace("@", "").replace("/", "-")}-${config.version}.tgz`;
  // The same sources make the same bytes.
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go=rX,u+rw"];
  await run("tar", "-C", folder, "-czf", `${folder}/${name}`, ...same, "--mtime=@0", "package");
  return `${folder}/${name}`;
}

/** Files of Herd at a path, without tests and what only they use. */
function* walk(path: string): Generator<string> {
  if (/_test\.ts$|\/testing[^/]*$/.test(path)) return;
  if (Deno.statSync(`${ROOT}/${path}`).isFile) return yield path;
  for (const { name } of Deno.readDirSync(`${ROOT}/${path}`)) yield* walk(`${path}/${name}`);
}

async function makeFolderOf(path: string): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]+$/, ""), { recursive: true });
}

async function copy(path: string, to: string): Promise<void> {
  await makeFolderOf(to);
  await Deno.copyFile(`${ROOT}/${path}`, to);
}

/** The packages that sources import, such as `npm:zod@4.6.7`. */
async function packagesOf(sources: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(sources.map((path) => Deno.readTextFile(`${ROOT}/${path}`)));
  const found = texts.flatMap((text) => [...text.matchAll(/"((?:npm|jsr):[^"]+)"/g)]);
  return [...new Set(found.map(([, specifier]) => specifier!))].toSorted();
}

/** Makes one file of a package and all that it needs; returns its place in the package of Herd. */
async function vendor(specifier: string, at: string): Promise<string> {
  const path = `./vendor/${specifier.replace(/^\w+:/, "").replace(/(?<=.)@[^/]+/, "")}.js`;
  // By name: a CommonJS module exports nothing that a bundler can see.
  const names = Object.keys(await import(specifier)).filter((name) =>
    /^(?!default$)\w+$/.test(name)
  );
  const entry = `${at}/${path}.entry.ts`;
  await write(entry, `export { ${names.join(", ")} } from "${specifier}";\n`);
  const deno = ["--config", `${ROOT}/deno.json`, "--frozen", "--quiet", "--minify"];
  await run(Deno.execPath(), "bundle", ...deno, "--output", `${at}/${path}`, entry);
  await Deno.remove(entry);
  return path;
}

/** The licenses of all packages in deno.lock, from the cache of Deno. */
async function licenses(): Promise<string> {
  const { npmCache } = JSON.parse(await run(Deno.execPath(), "info", "--json"));
  const { npm } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.lock`));
  const texts = Object.keys(npm).map((key) => {
    const [, name, version] = key.match(/^(.+?)@([^_]+)/)!;
    const files = [...Deno.readDirSync(npmCache)]
      .map((registry) => `${npmCache}/${registry.name}/${name}/${version}`).filter(exists)
      .flatMap((at) => [...Deno.readDirSync(at)].map((file) => `${at}/${file.name}`));
    const license = files.find((path) => /\/(licen[cs]e|copying)[^/]*$/i.test(path));
    const { license: id } = JSON.parse(
      Deno.readTextFileSync(files.find((path) => path.endsWith("/package.json"))!),
    );
    const text = license === undefined ? "" : `\n\n${Deno.readTextFileSync(license).trim()}`;
    return `${name} ${version}: ${id}${text}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** The package.json. The packages of Deno for the two platforms have nothing but its native program. */
function manifest() {
  const { name, version, license } = config;
  const deno = Deno.version.deno;
  return {
    name,
    version,
    license,
    description: "Measures what server designs cost",
    type: "module",
    bin: { herd: "bin/herd" },
    os: ["linux"],
    cpu: ["x64", "arm64"],
    libc: ["glibc"],
    optionalDependencies: {
      "@deno/linux-x64-glibc": deno,
      "@deno/linux-arm64-glibc": deno,
    },
  };
}

/** The program `herd`: each command with the permissions of its task. */
function launcher(): string {
  const commands = Object.values(config.tasks).flatMap(({ command }) => {
    const [, flags, name] = command.match(/^deno run (.*) bench\/herd\.ts (\S+)$/) ?? [];
    if (name === undefined || OF_CHECKOUT.includes(name)) return [];
    const words = flags!.split(" ").map((flag) => flag === "--allow-read=." ? '"$read"' : flag);
    const pattern = name === "help" ? "*" : name; // and what is no command
    return [[pattern, `  ${pattern}) set -- ${words.join(" ")} "$program" "$@" ;;`] as const];
  });
  const cases = commands.toSorted(([a], [b]) => Number(a === "*") - Number(b === "*"));
  return LAUNCHER.replace("CASES", () => cases.map(([, text]) => text).join("\n"));
}

/** It ends in `exec`, so that signals reach Herd itself, and its exit code whoever runs it. */
const LAUNCHER = `#!/bin/sh
# Runs Herd with the Deno that npm installed, each command with the permissions that it needs.
self=$(readlink -f -- "$0") || exit 70
root=\${self%/bin/herd}
program=$root/bench/herd.ts

case $(uname -m) in
  x86_64) platform=linux-x64-glibc ;;
  aarch64) platform=linux-arm64-glibc ;;
  *) platform=$(uname -sm) ;;
esac
# npm puts it into a node_modules folder in or above this one.
folder=$root
until deno=$folder/node_modules/@deno/$platform/deno && [ -x "$deno" ]; do
  if [ -z "$folder" ]; then
    echo "herd: Cannot find Deno for $platform: install Herd again, with optional dependencies" >&2
    exit 4
  fi
  folder=\${folder%/*}
done

# A list of folders cannot have one with a comma.
case $root in
  *,*) read=--allow-read ;;
  *) read=--allow-read=$root ;;
esac
case \${1-} in
CASES
esac
export DENO_NO_UPDATE_CHECK=1
exec "$deno" run --no-config --no-lock --no-npm --no-remote --import-map="$root/import_map.json" "$@"
`;

async function write(path: string, text: string): Promise<void> {
  await makeFolderOf(path);
  await Deno.writeTextFile(path, text);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Runs a program; what it prints. @throws {Error} with what it prints to standard error, if it fails. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  if (!success) throw new Error(`${program} ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? `${await Deno.realPath(ROOT)}/dist`));
