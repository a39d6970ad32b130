/** The completion script for zsh, which shows what each word means. */
import { type CommandWords, quoted, spellings, valueKind } from "./completion_words.ts";
import type { Flag } from "./flags.ts";

/** Reads well from a file of `$fpath` and from `source <(rlm completion zsh)`. */
export function zshScript(commands: readonly CommandWords[]): string {
  const [run, ...others] = commands;
  const described = others.map(({ name, summary }) => quoted(`${name}:${colons(summary)}`));
  return `#compdef rlm
_rlm() {
  local -a commands=(
    ${described.join("\n    ")}
  )
  if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
    _describe -t commands command commands
    return
  fi
  case $words[2] in
${others.map(commandCase).join("\n")}
    *)
      _arguments : ${run === undefined ? "" : specs(run.flags)} \\
        '1:question: '
      ;;
  esac
}
if ((! $+functions[compdef])); then
  autoload -Uz compinit && compinit -i
fi
if [[ \${funcstack[1]} == _rlm ]]; then _rlm "$@"; else compdef _rlm rlm; fi
`;
}

/** A command's flags and words, counted from its name. */
function commandCase({ name, flags, words }: CommandWords): string {
  const rest = words === null
    ? "'1:file:_files'"
    : words.length === 0
    ? ""
    : quoted(`1:word:(${words.join(" ")})`);
  return `    ${name})
      shift words
      ((CURRENT--))
      _arguments : ${specs(flags)} \\
        ${rest}
      ;;`;
}

/** Each spelling of each flag in the language of \`_arguments\`; what was given once is not offered again. */
function specs(flags: readonly Flag[]): string {
  return flags.flatMap((flag) =>
    spellings(flag).map((spelling) => {
      const once = flag.many === true ? "*" : `(${spellings(flag).join(" ")})`;
      const long = spelling.startsWith("--") && flag.value !== undefined ? "=" : "";
      return quoted(`${once}${spelling}${long}[${brackets(flag.help)}]${valueSpec(flag)}`);
    })
  ).join(" \\\n        ");
}

function valueSpec(flag: Flag): string {
  const { value = "", choices = [] } = flag;
  switch (valueKind(flag)) {
    case "none":
      return "";
    case "choice":
      return `:${colons(value)}:(${choices.join(" ")})`;
    case "file":
      return `:${colons(value)}:_files`;
    case "text":
      return `:${colons(value)}: `;
  }
}

function colons(text: string): string {
  return text.replaceAll(":", "\\:");
}

function brackets(text: string): string {
  return text.replaceAll(/[\\[\]]/g, "\\$&");
}
