/**
 * A folder for one test.
 *
 * @module
 */

/** A new folder, which is gone at the end of the block that uses it. */
export class TemporaryFolder implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-test-" });

  /** Names of what is in it. */
  get names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).toSorted();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
