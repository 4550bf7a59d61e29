/**
 * Engines that run a program on other machines, as data: OpenSSH, ClusterShell and Slurm. Herd has no protocol of
 * its own on the network; it speaks with its programs over the standard streams of an engine.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { requireNamed } from "../../servers/nearest.ts";

/** How an engine is started, and how its output is read. */
export interface Engine {
  /** Whether a process of it reaches one host, or all of them and gives each the same standard input. */
  readonly reaches: "one" | "all";
  /**
   * Its command. `{host}` or `{hosts}` and `{count}` are the hosts, `{options}` words of the user, `{id}` a name of
   * this start, `{script}` what the shell of the host runs, `{quoted}` the same for the user's login shell there.
   */
  readonly words: readonly string[];
  /** A line of its output: whose it is (`label`, the host or something else that stands for it), and the line. */
  readonly label?: RegExp;
  /** What a host calls itself, in that script, where labels are no names of hosts. */
  readonly self?: string;
  /** A line of its standard error that says that a host is lost. */
  readonly lost?: RegExp;
  /** What ends its work on the hosts where killing it does not. */
  readonly cancel?: readonly string[];
}

// A connection without an answer for 6 s is closed, at both ends: Herd's own heartbeat ends the other one.
const SSH_OPTIONS = ["BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=2"];

/** All engines. Another one is a row: mpirun(1), for one, in docs/hosts.md. */
export const engines = {
  ssh: {
    reaches: "one",
    // Without a terminal (-T), which would turn each newline into two characters.
    words: [
      "ssh",
      "-T",
      ...SSH_OPTIONS.flatMap((option) => ["-o", option]),
      "{options}",
      "{host}",
      "{quoted}",
    ],
  },
  clush: {
    reaches: "all",
    words: [
      "clush",
      "-S",
      "-f{count}", // all hosts at the same time
      "-o",
      SSH_OPTIONS.map((option) => `-o${option}`).join(" "),
      "{options}",
      "-w{hosts}",
      "{quoted}",
    ],
    label: /^(?<label>[^\s:]+): (?<line>.*)$/,
    lost: /^clush: (?<host>[^\s:]+): (?<reason>.*)$/,
  },
  srun: {
    reaches: "all",
    // Not --unbuffered: that breaks lines where their parts happen to arrive.
    words: [
      "srun",
      "--label",
      "--job-name={id}",
      "--nodelist={hosts}",
      "--nodes={count}",
      "--ntasks={count}",
      "--ntasks-per-node=1",
      "{options}",
      "sh",
      "-c",
      "{script}",
    ],
    self: "$SLURMD_NODENAME",
    label: /^ *(?<label>\d+): (?<line>.*)$/,
    lost: /^srun: error: (?<host>[^\s:]+): (?<reason>.*)$/,
    cancel: ["scancel", "--quiet", "--name={id}"],
  },
} as const satisfies Readonly<Record<string, Engine>>;

/** Which machines, over which engine. */
export interface Hosts {
  readonly names: readonly string[];
  /** Name of the engine and its options, such as `ssh -p 2222`. */
  readonly via: string;
}

/** An engine with the options of the user. */
export interface Via {
  readonly engine: Engine;
  readonly options: readonly string[];
}

/** Parses `ssh -p 2222`: an engine, and words that are put between its own. @throws {UsageError} for an unknown one. */
export function viaOf(text: string): Via {
  const [name = "", ...options] = text.trim().split(/\s+/);
  return { engine: requireNamed("engine", name, new Map(Object.entries(engines)), "via"), options };
}

/** What fits into a name: it becomes a word of a command line, which must not look like an option of it. */
const NAME = /^[A-Za-z0-9_][\w.@-]*$/;

/** More would be a mistake. */
const MOST_HOSTS = 1024;

/**
 * Parses a list of hosts such as `a,b,c[1-8]` or `node[01-16,20]`.
 *
 * @throws {UsageError} if it is none, or has a host twice.
 */
export function hostsOf(text: string, option = "hosts"): string[] {
  const words = text.match(/(?:\[[^\]]*\]|[^,[])+/g) ?? [];
  const names = words.flatMap(expand);
  const odd = names.find((name) => !NAME.test(name));
  if (odd !== undefined || names.length === 0 || words.join(",") !== text) {
    throw new UsageError(`Cannot read ${JSON.stringify(odd ?? text)} as hosts`, { option });
  }
  if (names.length > MOST_HOSTS) {
    const message = `Cannot use ${names.length} hosts: the most are ${MOST_HOSTS}`;
    throw new UsageError(message, { option });
  }
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return names;
  throw new UsageError(`Cannot use the host ${twice} twice`, { option });
}

/** The names that a word with ranges in brackets stands for; digits keep their leading zeros. */
function expand(word: string): string[] {
  const [, before, list, after] = word.match(/^([^[]*)\[([\d,-]+)\](.*)$/) ?? [];
  if (list === undefined) return [word];
  const numbers = list.split(",").flatMap((range) => {
    const [, first, last = first] = range.match(/^(\d{1,6})(?:-(\d{1,6}))?$/) ?? [];
    const count = first === undefined ? 1 : Math.min(Number(last) - Number(first), MOST_HOSTS) + 1;
    if (first === undefined || count < 1) return ["?"];
    return Array.from(
      { length: count },
      (_, i) => `${Number(first) + i}`.padStart(first.length, "0"),
    );
  });
  return numbers.flatMap((number) => expand(`${before}${number}${after}`));
}

/** What a command is made of. */
export interface Filling {
  readonly hosts: readonly string[];
  readonly id: string;
  /** A script for sh(1) in which `{self}` stands for what a host calls itself. It has no quotes of the kind `'`. */
  readonly script: string;
}

/** The command of an engine for these hosts, in which the engine's words and the user's are filled in. */
export function commandOf(
  { engine, options }: Via,
  { hosts, id, script }: Filling,
  words: readonly string[] = engine.words,
): string[] {
  const fill = (word: string, values: Readonly<Record<string, string>>) =>
    word.replaceAll(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const values = { hosts: hosts.join(), host: hosts[0]!, count: `${hosts.length}`, id };
  const own = script.replaceAll("{self}", engine.self ?? "-");
  return words.flatMap((word) => {
    if (word === "{options}") return options;
    if (word === "{script}") return [own];
    // `exec`: the connection's process is the parent of what runs.
    if (word === "{quoted}") return [`exec sh -c '${own}'`];
    return [fill(word, values)];
  });
}

/** A line of an engine's output, and whose it is: "" where a process reaches one host. */
export function labelled({ label }: Engine, line: string): { label: string; line: string } {
  if (label === undefined) return { label: "", line };
  const groups = line.match(label)?.groups;
  return groups === undefined
    ? { label: "", line: "" }
    : { label: groups.label!, line: groups.line! };
}
