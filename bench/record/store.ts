/**
 * A recorded run on disk: written while it is measured, read back whole.
 *
 * @module
 */
import { RecordError, UsageError } from "../../servers/errors.ts";
import { type Recorded, Run, SCHEMA_VERSION, Trial } from "./record.ts";

const TRIALS = "trials.jsonl";

/** A run that is being recorded. */
export class Store {
  readonly folder: string;
  readonly #trials: Deno.FsFile;

  /**
   * Opens a new folder for a run.
   *
   * @throws {UsageError} if it cannot be written, or has something in it.
   */
  static create(folder: string, run: Run): Store {
    makeFolder(folder);
    writeRun(folder, run);
    const options = { createNew: true, append: true };
    return new Store(folder, Deno.openSync(`${folder}/${TRIALS}`, options));
  }

  /**
   * Opens the folder of a run that ended early, to go on with it. Half a line at the end, which was
   * being written when its writer died, is cut off: that trial will be run again.
   */
  static reopen(folder: string): Store {
    const path = `${folder}/${TRIALS}`;
    const bytes = Deno.readFileSync(path);
    Deno.truncateSync(path, bytes.lastIndexOf("\n".charCodeAt(0)) + 1);
    return new Store(folder, Deno.openSync(path, { append: true }));
  }

  private constructor(folder: string, trials: Deno.FsFile) {
    this.folder = folder;
    this.#trials = trials;
  }

  /** Adds a trial; it is on the disk when this returns. */
  add(trial: Trial): void {
    const bytes = new TextEncoder().encode(JSON.stringify(trial) + "\n");
    for (let at = 0; at < bytes.length;) at += this.#trials.writeSync(bytes.subarray(at));
    this.#trials.syncSync();
  }

  /** Writes `run.json` anew; it is never half there. */
  writeRun(run: Run): void {
    writeRun(this.folder, run);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#trials.close();
  }
}

function writeRun(folder: string, run: Run): void {
  writeWhole(`${folder}/run.json`, JSON.stringify(run, null, 2) + "\n");
}

/** Reads a recorded run. @throws {RecordError} that says which file, and what is wrong with it. */
export function readRecord(folder: string): Recorded {
  const run = parse(Run, `${folder}/run.json`, readFile(`${folder}/run.json`));
  const path = `${folder}/${TRIALS}`;
  const lines = readFile(path).split("\n");
  // Without a newline at its end the last line was being written when its writer died.
  const whole = lines.slice(0, -1);
  const trials = whole.map((line, index) => parse(Trial, `${path}:${index + 1}`, line));
  return { run, trials };
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new RecordError(`Cannot find ${path}: write the folder of a recorded run`);
    }
    if (error instanceof Deno.errors.NotCapable) throw outsideError("read", path);
    throw new RecordError(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

function parse<T>(
  schema: { safeParse(value: unknown): { success: boolean; data?: T; error?: unknown } },
  where: string,
  text: string,
): T {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordError(`Cannot read ${where} as JSON: ${(error as Error).message}`);
  }
  const version = value?.schema;
  if (typeof version === "number" && version !== SCHEMA_VERSION) {
    throw new RecordError(
      `Cannot read ${where}: it has schema version ${version}, this Herd reads ${SCHEMA_VERSION}; ` +
        "use the Herd that recorded it, or a newer one",
    );
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data as T;
  const { issues } = result.error as { issues: { path: PropertyKey[]; message: string }[] };
  const { path, message } = issues[0]!;
  const field = path.length > 0 ? `field ${path.map(String).join(".")}: ` : "";
  throw new RecordError(`Cannot read ${where} as a record: ${field}${message}`);
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    if ([...Deno.readDirSync(folder)].length === 0) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw outsideError("write", folder);
    throw new UsageError(
      `Cannot write to ${folder}: ${(error as Error).message}; write another --output`,
    );
  }
  throw new UsageError(
    `Cannot record into ${folder}: it has files already; write an --output that is empty or new`,
  );
}

function outsideError(doing: string, path: string): UsageError {
  return new UsageError(
    `Cannot ${doing} ${path}: only files below the current folder and /tmp are allowed`,
  );
}

/**
 * Writes a file so that it is there as a whole or not at all.
 *
 * @throws {RecordError} if it cannot be written.
 */
export function writeWhole(path: string, content: string): void {
  try {
    Deno.writeTextFileSync(`${path}.tmp`, content);
    Deno.renameSync(`${path}.tmp`, path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw outsideError("write", path);
    throw new RecordError(`Cannot write ${path}: ${(error as Error).message}`);
  }
}
