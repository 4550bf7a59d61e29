/**
 * An external server: a program that knows nothing of Herd, as data.
 *
 * @module
 */
import type { Counting } from "../posix/event_counts.ts";
import type { ServiceName } from "../design.ts";
import type { Placement } from "../host/protocol.ts";

/** The signals that a server can be stopped with, without SIG. */
export const STOP_SIGNALS = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH"] as const;

export type StopSignal = typeof STOP_SIGNALS[number];

/**
 * An external server. In the words of its command, in the values of its environment and in its files, `{port}`,
 * `{dir}`, `{workers}` and `{bytes}` stand for what a trial gives it.
 */
export interface External {
  /** Its name, in place of a design's id. */
  readonly name: string;
  /** The program and its arguments, without a shell. */
  readonly command: readonly string[];
  /** Variables of the environment, beside those of Herd. */
  readonly environment: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly folder: string;
  /** What it speaks. */
  readonly service: ServiceName;
  /** The target of HTTP requests, such as `/index.html`; null: `/bytes/N`. */
  readonly target: string | null;
  /** Text that it prints once it is ready, beside its listening port; null: none. */
  readonly readiness: string | null;
  readonly stopSignal: StopSignal;
  /** What `{workers}` stands for; null: the children of a pool. */
  readonly workers: number | null;
  /** Text of the files to write into `{dir}`, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether other users may read `{dir}`, as a server needs that gives up root. */
  readonly shared: boolean;
}

/** Options of the program `servers/external/main.ts`, which starts an external server and reports its cost. */
export interface ExternalOptions {
  readonly external: External;
  /** The workers of a trial. */
  readonly workers: number;
  /** Bytes of each reply. */
  readonly bytes: number;
  /** The file to append its output to; null: none is kept. */
  readonly output: string | null;
  /** Seconds that it may take to be ready, and to end. */
  readonly limits: { readonly start: number; readonly stop: number };
  /** Name of a cgroup to make, if possible, to account for its CPU time as well. */
  readonly cgroup: string;
  /** Whether the events of the processor and the kernel are counted. */
  readonly counters: Counting;
  /** Whether to watch which process ends each connection, if that is allowed. */
  readonly watchEnds: boolean;
  readonly placement: Placement;
}

/** What a trial gives to an external server: what stands in for `{port}` and so on. */
export interface Given {
  readonly port: number;
  readonly dir: string;
  readonly workers: number;
  readonly bytes: number;
}

/** Puts what a trial gives in the places of a text; other braces stay as they are. */
export function fill(text: string, given: Given): string {
  return text.replaceAll(
    /\{(port|dir|workers|bytes)\}/g,
    (_, name: keyof Given) => String(given[name]),
  );
}

/** Whether a server is told that: whether its place is anywhere. */
export function isTold(place: keyof Given, { command, environment, files }: External): boolean {
  return [command, Object.values(environment), Object.values(files)].flat()
    .some((text) => text.includes(`{${place}}`));
}

/** Folders with programs that a user's PATH may lack, such as nginx. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The path of a program: a path as it is, from the working directory; a name in one of the folders, or in those
 * of the system. Undefined if there is none.
 */
export function findProgram(
  name: string,
  { from, folders, isExecutable }: {
    readonly from: string;
    readonly folders: readonly string[];
    readonly isExecutable: (path: string) => boolean;
  },
): string | undefined {
  const paths = name.startsWith("/")
    ? [name]
    : name.includes("/")
    ? [`${from}/${name}`]
    : [...folders, ...SYSTEM_FOLDERS].map((folder) => `${folder}/${name}`);
  return paths.find(isExecutable);
}
