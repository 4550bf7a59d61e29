/**
 * A small disk for tests: a tmpfs that can be filled, or made read-only. Only root may mount one.
 *
 * @module
 */

/** Runs a program, and returns whether it succeeded. */
function run(program: string, ...args: string[]): boolean {
  return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
}

/** A disk, which is gone at the end of the block that uses it. */
export class SmallDisk implements Disposable {
  readonly #mountPoint = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-disk-" });
  readonly #filler = `${this.#mountPoint}/filler`;
  /** A folder on it. */
  readonly path = `${this.#mountPoint}/run`;

  constructor(size = "4m") {
    if (!run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", this.#mountPoint)) {
      Deno.removeSync(this.#mountPoint);
      throw new Error("Cannot mount a tmpfs here");
    }
    Deno.mkdirSync(this.path);
  }

  /** Leaves no byte free. */
  fill(): void {
    using file = Deno.openSync(this.#filler, { create: true, append: true });
    const bytes = new Uint8Array(1024);
    try {
      for (;;) file.writeSync(bytes);
    } catch (error) {
      if (!(error as Error).message.includes("No space left")) throw error;
    }
  }

  makeRoom(): void {
    Deno.removeSync(this.#filler);
  }

  resize(size: string): void {
    run("mount", "-o", `remount,size=${size}`, this.#mountPoint);
  }

  /** Covers the folder with itself, read-only: files that are open in it can still be written. */
  makeReadOnly(): void {
    const isDone = run("mount", "--bind", this.path, this.path) &&
      run("mount", "-o", "remount,bind,ro", this.path);
    if (!isDone) throw new Error(`Cannot make ${this.path} read-only`);
  }

  [Symbol.dispose](): void {
    run("umount", "--lazy", "--recursive", this.#mountPoint);
    Deno.removeSync(this.#mountPoint);
  }
}

/** Whether this process may mount a disk. */
export const canMount: boolean = (() => {
  try {
    new SmallDisk()[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
})();
