/**
 * Cgroups that tests make, below the one that the test itself is in.
 *
 * @module
 */
import { type OwnCgroup, ownCgroups } from "./cgroup.ts";
import { writeText } from "./files.ts";
import { cString, libc } from "./libc.ts";

/** A cgroup for one test, gone at the end of the block that uses it. */
export class TemporaryCgroup implements Disposable {
  readonly folder: string;
  readonly #inner: string[] = [];

  /** Makes it below that folder of a hierarchy, and writes these files in it, by name. @throws {Error} if it may not. */
  constructor(below: string, files: Readonly<Record<string, string>> = {}) {
    this.folder = `${below}/herd-test-${crypto.randomUUID()}`;
    makeFolder(this.folder);
    try {
      for (const [name, text] of Object.entries(files)) writeText(`${this.folder}/${name}`, text);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Makes a cgroup in it, and writes these files. */
  add(name: string, files: Readonly<Record<string, string>> = {}): void {
    const folder = `${this.folder}/${name}`;
    makeFolder(folder);
    this.#inner.unshift(folder);
    for (const [file, text] of Object.entries(files)) writeText(`${folder}/${file}`, text);
  }

  /** A program that enters it, and runs the command line that it is given. */
  get via(): readonly string[] {
    return ["/bin/sh", "-c", `echo $$ >${this.folder}/cgroup.procs && exec "$@"`, "sh"];
  }

  [Symbol.dispose](): void {
    for (const folder of [...this.#inner, this.folder]) libc.rmdir(cString(folder));
  }
}

function makeFolder(path: string): void {
  if (libc.mkdir(cString(path), 0o755) !== 0) throw new Error(`Cannot make the cgroup ${path}`);
}

/** The folder of this process's cgroup in a hierarchy in which a cgroup with these files can be made. */
export function cgroupParent(
  isWanted: (cgroup: OwnCgroup) => boolean,
  files: Readonly<Record<string, string>> = {},
): string | undefined {
  return ownCgroups().filter(isWanted).map(({ folders: [own] }) => own).find((own) => {
    try {
      using _ = new TemporaryCgroup(own, files);
      return true;
    } catch {
      return false;
    }
  });
}
