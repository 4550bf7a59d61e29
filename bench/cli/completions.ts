/**
 * Completions for a shell, from what the commands say of themselves: their flags, and what flags and operands are
 * called. Where nothing is known, the shell completes files.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { designs } from "../../servers/designs.ts";
import { type Command, COMMON } from "./command.ts";
import type { Flag } from "./flags.ts";

/** A flag, and what may follow it. */
interface Completed {
  readonly name: string;
  readonly help: string;
  /** Words that may be its value; null: it takes none. Empty: any value, such as a file. */
  readonly words: readonly string[] | null;
  /** Whether several of them, with commas in between, are one value. */
  readonly isList: boolean;
}

/** A command as a shell completes it. */
interface CompletedCommand {
  readonly name: string;
  readonly help: string;
  /** Words that may be an operand. */
  readonly operands: readonly string[];
  readonly flags: readonly Completed[];
}

const IDS = designs.map(({ id }) => id);

/** The words that a value or an operand may be, by what help calls it. */
function wordsOf(name: string, commands: readonly string[]): string[] {
  if (/^(DESIGNS?|A|B)$/.test(name)) return IDS;
  if (name === "COMMAND") return [...commands];
  return /^[a-z][a-z|-]+$/.test(name) ? name.split("|") : [];
}

function flagOf(name: string, flag: Flag): Completed {
  const words = flag.kind === "string" ? wordsOf(flag.value, []) : [];
  return {
    name: `--${name}`,
    help: flag.help,
    words: flag.kind === "boolean" ? null : words,
    isList: flag.kind === "string" && flag.value === "DESIGNS",
  };
}

const common: readonly Completed[] = COMMON.flatMap(([names, help]) =>
  names.split(", ").filter((name) => name.startsWith("--"))
    .map((name) => ({ name, help, words: null, isList: false }))
);

function completed(commands: readonly Command[]): CompletedCommand[] {
  const tasks: Readonly<Record<string, { readonly description: string }>> = config.tasks;
  const names = commands.map(({ name }) => name);
  return commands.map(({ name, operands, flags }) => ({
    name,
    help: tasks[name]!.description,
    operands: [...new Set(operands.match(/[A-Za-z]+/g) ?? [])]
      .flatMap((operand) => wordsOf(operand, names)),
    flags: [...Object.entries(flags).map(([flag, data]) => flagOf(flag, data)), ...common],
  }));
}

/** Text in single quotes, for bash and zsh. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Flags of commands that have the same words after them, as one pattern of a `case` each. */
function valueCases(
  commands: readonly CompletedCommand[],
  body: (words: string, isList: boolean) => string,
): string[] {
  const valued = commands.flatMap(({ name, flags }) =>
    flags.filter(({ words }) => words !== null && words.length > 0)
      .map(({ name: flag, words, isList }) => ({ at: `"${name} ${flag}"`, words, isList }))
  );
  const same = Map.groupBy(valued, ({ words, isList }) => `${isList} ${words!.join(" ")}`);
  return [...same.values()].map((all) =>
    `    ${all.map(({ at }) => at).join("|")}) ${body(all[0]!.words!.join(" "), all[0]!.isList)} ;;`
  );
}

/** The pattern of a flag that takes a value, which is no operand and no flag. */
function valued(commands: readonly CompletedCommand[]): string {
  const all = commands.flatMap(({ flags }) => flags.filter(({ words }) => words !== null));
  return [...new Set(all.map(({ name }) => `*" ${name}"`))].join("|");
}

function bash(commands: readonly CompletedCommand[]): string[] {
  return [
    "_herd() {",
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= done=",
    "  # readline takes --flag=value for three words.",
    "  if [[ $cur == = ]]; then cur=",
    "  elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi",
    `  if ((COMP_CWORD == 1)); then words=${quote(commands.map(({ name }) => name).join(" "))}`,
    '  else case "${COMP_WORDS[1]} $prev" in',
    ...valueCases(
      commands,
      (words, isList) =>
        (isList ? "[[ $cur == *,* ]] && done=${cur%,*},; " : "") + `words=${quote(words)}`,
    ),
    `    ${valued(commands)}) ;;`,
    '    *) case "${COMP_WORDS[1]} $cur" in',
    ...commands.flatMap(({ name, operands, flags }) => [
      `      "${name} -"*) words=${quote(flags.map(({ name }) => name).join(" "))} ;;`,
      ...(operands.length > 0 ? [`      "${name} "*) words=${quote(operands.join(" "))} ;;`] : []),
    ]),
    "    esac ;;",
    "  esac; fi",
    '  COMPREPLY=($(compgen -P "$done" -W "$words" -- "${cur#"$done"}"))',
    "}",
    "complete -o bashdefault -o default -F _herd herd",
  ];
}

/** Words with what they are, for `_describe`. */
const described = (items: readonly { readonly name: string; readonly help: string }[]) =>
  items.map(({ name, help }) => quote(`${name}:${help}`)).join(" ");

function zsh(commands: readonly CompletedCommand[]): string[] {
  return [
    "#compdef herd",
    "_herd() {",
    "  local prev=${words[CURRENT-1]}",
    "  local -a found",
    "  if ((CURRENT == 2)); then",
    `    found=(${described(commands)})`,
    "    _describe command found; return",
    "  fi",
    '  if [[ $PREFIX == --*=* ]]; then prev=${PREFIX%%=*}; compset -P 1 "*="; fi',
    '  case "${words[2]} $prev" in',
    ...valueCases(
      commands,
      (words, isList) =>
        `${isList ? 'compset -P "*,"; compadd -qS , --' : "compadd --"} ${words}; return`,
    ),
    `    ${valued(commands)}) _files; return ;;`,
    "  esac",
    '  case "${words[2]} $PREFIX" in',
    ...commands.flatMap(({ name, operands, flags }) => [
      `    "${name} -"*) found=(${described(flags)}); _describe -o flag found ;;`,
      ...(operands.length > 0 ? [`    "${name} "*) compadd -- ${operands.join(" ")} ;;`] : []),
    ]),
    "    *) _files ;;",
    "  esac",
    "}",
    'if [[ $funcstack[1] == _herd ]]; then _herd "$@"; else compdef _herd herd; fi',
  ];
}

/** Text in single quotes, for fish. */
const fishQuote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fish(commands: readonly CompletedCommand[]): string[] {
  const of = (name: string) => `complete -c herd -n '__fish_seen_subcommand_from ${name}'`;
  return [
    ...commands.map(({ name, help }) =>
      `complete -c herd -n __fish_use_subcommand -f -a ${name} -d ${fishQuote(help)}`
    ),
    ...commands.flatMap(({ name, operands, flags }) => [
      ...(operands.length > 0 ? [`${of(name)} -a ${fishQuote(operands.join(" "))}`] : []),
      ...flags.map(({ name: flag, help, words, isList }) =>
        [
          of(name),
          `-l ${flag.slice(2)}`,
          ...(words === null
            ? []
            : words.length === 0
            ? ["-r"]
            : isList
            ? [`-x -a ${fishQuote(`(__fish_append , ${words.join(" ")})`)}`]
            : [`-x -a ${fishQuote(words.join(" "))}`]),
          `-d ${fishQuote(help)}`,
        ].join(" ")
      ),
    ]),
  ];
}

/** The shells. */
export const SHELLS = { bash, zsh, fish } as const;

/** The completions of `herd` for a shell: a script for it. */
export function completions(shell: keyof typeof SHELLS, commands: readonly Command[]): string {
  return SHELLS[shell](completed(commands)).join("\n");
}
