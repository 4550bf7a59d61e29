/**
 * A recorded run on disk: written during the run, read back as a whole.
 *
 * @module
 */
import { RecordError, UsageError } from "../../servers/errors.ts";
import { isPermission, reasonOf } from "./disk_errors.ts";
import { makeFolder } from "./folder.ts";
import { LEFT, type Reader, readerOf } from "./quick.ts";
import { type Recorded, Run, SCHEMA_VERSION, Trial } from "./record.ts";

const TRIALS = "trials.jsonl";

/** The record of a run in progress. */
export class Store {
  readonly folder: string;
  readonly #trials: Deno.FsFile;

  /**
   * Creates the folder of a run. Nobody else can record there from the first file on.
   *
   * @throws {UsageError} if it cannot be created, or is not empty; or another program records there.
   * @throws {RecordError} if its files cannot be written, such as on a full disk.
   */
  static create(folder: string, run: Run): Store {
    makeFolder(folder);
    const store = Store.#open(folder, { createNew: true, append: true });
    try {
      store.writeRun(run);
      return store;
    } catch (error) {
      store[Symbol.dispose]();
      removeIfThere(`${folder}/${TRIALS}`);
      throw error;
    }
  }

  /**
   * Opens the folder of a run that ended early. An incomplete last line, left by a crash or a full disk,
   * is removed; its trial will run again.
   *
   * @throws {UsageError} if another program records there.
   * @throws {RecordError} if its files cannot be written.
   */
  static reopen(folder: string): Store {
    const store = Store.#open(folder, { append: true });
    const path = `${folder}/${TRIALS}`;
    writing(path, () => {
      const bytes = Deno.readFileSync(path);
      Deno.truncateSync(path, bytes.lastIndexOf("\n".charCodeAt(0)) + 1);
    });
    return store;
  }

  /** The lock on the file tells others that the run is under way. */
  static #open(folder: string, options: Deno.OpenOptions): Store {
    const path = `${folder}/${TRIALS}`;
    const file = writing(path, () => openOrTaken(path, options));
    if (file && tryLock(file, true)) return new Store(folder, file);
    file?.close();
    throw new UsageError(`Cannot record into ${folder}: another program records there`, {
      option: options.createNew ? "folder" : "resume",
    });
  }

  private constructor(folder: string, trials: Deno.FsFile) {
    this.folder = folder;
    this.#trials = trials;
  }

  /** Adds a trial, and syncs it to disk. @throws {RecordError} if it cannot be written. */
  add(trial: Trial): void {
    const bytes = new TextEncoder().encode(JSON.stringify(trial) + "\n");
    writing(`${this.folder}/${TRIALS}`, () => {
      for (let at = 0; at < bytes.length;) at += this.#trials.writeSync(bytes.subarray(at));
      this.#trials.syncSync();
    });
  }

  /** Replaces `run.json` atomically. @throws {RecordError} if it cannot be written. */
  writeRun(run: Run): void {
    writeRun(this.folder, run);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#trials.close();
  }
}

/** Opens a file; undefined if it was to be created, and another program has. */
function openOrTaken(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** Whether another program records a run into this folder now. */
export function isBeingRecorded(folder: string): boolean {
  try {
    using file = Deno.openSync(`${folder}/${TRIALS}`);
    return !tryLock(file, false);
  } catch {
    // It has no trials yet, or cannot be read.
    return false;
  }
}

/** Locks a file as long as it is open. False if another program has; a file system without locks has none. */
function tryLock(file: Deno.FsFile, exclusive: boolean): boolean {
  try {
    return file.tryLockSync(exclusive);
  } catch {
    return true;
  }
}

function writeRun(folder: string, run: Run): void {
  writeWhole(`${folder}/run.json`, JSON.stringify(run, null, 2) + "\n");
}

/** Reads a recorded run as a whole. @throws {RecordError} that names the file and the error in it. */
export function readRecord(folder: string): Recorded {
  return { run: readRun(folder), trials: [...readTrials(folder)] };
}

/** Reads the trials one by one, and keeps none. @throws {RecordError} that names the file and the error in it. */
export function* readTrials(folder: string): Generator<Trial, void> {
  const path = `${folder}/${TRIALS}`;
  const quick = readerOf(Trial);
  const lineOf = new Map<string, number>();
  for (const line of wholeLinesOf(path)) {
    const where = `${path}:${lineOf.size + 1}`;
    const trial = parse(Trial, where, line, quick);
    const place = `round ${trial.round}, position ${trial.position}`;
    const first = lineOf.get(place);
    if (first !== undefined) {
      throw new RecordError(
        `Cannot read ${where} as a record: ${place} is in line ${first} already`,
      );
    }
    lineOf.set(place, lineOf.size + 1);
    yield trial;
  }
}

/** A large record is not read as one text, which has at most 512 MiB. */
const CHUNK_BYTES = 2 ** 16;

/** A trial with ten thousand children has a line of 5 MiB. What is longer is none, and is not to fill the memory. */
const LONGEST_LINE = 64 * 2 ** 20;

/** The lines of a file, without a last one that has no newline: it is incomplete. */
function* wholeLinesOf(path: string): Generator<string> {
  using file = reading(path, () => Deno.openSync(path));
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(CHUNK_BYTES);
  let [rest, number] = ["", 1];
  for (let count; (count = reading(path, () => file.readSync(chunk))) !== null;) {
    const lines = decoder.decode(chunk.subarray(0, count), { stream: true }).split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    yield* lines;
    number += lines.length;
    if (rest.length > LONGEST_LINE) {
      throw new RecordError(`Cannot read ${path}:${number} as a record: its line is too long`);
    }
  }
}

/** Reads `run.json` alone. @throws {RecordError} that names the error in it. */
export function readRun(folder: string): Run {
  return parse(Run, `${folder}/run.json`, readFile(`${folder}/run.json`));
}

function readFile(path: string): string {
  return reading(path, () => Deno.readTextFileSync(path));
}

/** Runs a function that reads a file. @throws {RecordError} or {UsageError} if it fails. */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new RecordError(`Cannot find ${path}: that folder has no recorded run`);
    }
    const message = `Cannot read ${path}: ${reasonOf(cause)}`;
    if (isPermission(cause)) throw new UsageError(message, { option: "run", cause });
    throw new RecordError(message, { cause });
  }
}

function parse<T>(
  schema: { safeParse(value: unknown): { success: boolean; data?: T; error?: unknown } },
  where: string,
  text: string,
  quick: Reader = () => LEFT,
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
  const made = quick(value);
  if (made !== LEFT) return made as T;
  const result = schema.safeParse(value);
  if (result.success) return result.data as T;
  const { issues } = result.error as { issues: { path: PropertyKey[]; message: string }[] };
  const { path, message } = issues[0]!;
  const field = path.length > 0 ? `field ${path.map(String).join(".")}: ` : "";
  throw new RecordError(`Cannot read ${where} as a record: ${field}${message}`);
}

/**
 * Writes a file atomically: it is there as a whole or not at all.
 *
 * @throws {RecordError} if it cannot be written.
 */
export function writeWhole(path: string, content: string): void {
  // Two programs may write the files of one run at the same time.
  const temporary = `${path}.${Deno.pid}.tmp`;
  writing(path, () => {
    try {
      Deno.writeTextFileSync(temporary, content);
      Deno.renameSync(temporary, path);
    } catch (error) {
      removeIfThere(temporary);
      throw error;
    }
  });
}

/** Removes a file that was written in part: its space may be needed. */
function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It does not exist, or the folder cannot be written.
  }
}

/** Runs a function that writes to a file. @throws {RecordError} if it fails. */
function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const message = `Cannot write ${path}: ${reasonOf(cause)}`;
    if (isPermission(cause)) throw new UsageError(message, { option: "folder", cause });
    throw new RecordError(message, { cause });
  }
}
