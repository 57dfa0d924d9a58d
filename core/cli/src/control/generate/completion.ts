import { controlOptions, generalOptions } from '../option-table.ts';
import type { Completion } from '../parameter.ts';

type Commands = readonly (readonly [name: string, summary: string])[];

/** A completion script for bash. */
export function bashCompletion(commands: Commands): string {
  const words = [...flags(), ...commands.map(([name]) => name)].join(' ');
  const cases = controlOptions
    .filter(({ parameters }) => parameters.length > 0)
    .map(({ flag, parameters }) => {
      const each = parameters.map(({ completion }, at) => `      ${at + 1}) ${bashAction(completion)} ;;`);
      return [`    ${flag}) case $position in`, ...each, '    esac ;;'].join('\n');
    });
  return `# bash completion of camflow; made from its option table.
_camflow() {
  # readline splits words at colons too, which addresses and contexts have: what no blank parts is one word again.
  local -a words=()
  local word blanks rest=$COMP_LINE
  for word in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    blanks=\${rest%%[![:blank:]]*}
    rest=\${rest#"$blanks"}
    rest=\${rest#"$word"}
    if [ -z "$blanks" ] && [ "\${#words[@]}" -gt 0 ]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done
  local last=$((\${#words[@]} - 1))
  local current=\${words[last]} position=$((last - 1))
  COMPREPLY=()
  if [ "$last" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words}" -- "$current"))
    return
  fi
  case \${words[1]} in
${cases.join('\n')}
    *) compopt -o default ;;
  esac
}
complete -F _camflow camflow
`;
}

/** A completion script for zsh, to be put on \`fpath\` as \`_camflow\`. */
export function zshCompletion(commands: Commands): string {
  const first = [
    ...controlOptions.map(({ flag, summary }) => zshEntry(flag, summary)),
    ...generalOptions.map(([flag, , summary]) => zshEntry(flag, summary)),
    ...commands.map(([name, summary]) => zshEntry(name, summary)),
  ];
  const cases = controlOptions
    .filter(({ parameters }) => parameters.length > 0)
    .map(({ flag, parameters }) => {
      const each = parameters.map(({ completion }, at) => `      ${at + 3}) ${zshAction(completion)} ;;`);
      return [`    (${flag}) case $CURRENT in`, ...each, '    esac ;;'].join('\n');
    });
  return `#compdef camflow
# zsh completion of camflow; made from its option table.
_camflow() {
  local -a first
  first=(
${first.map((entry) => `    ${entry}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'option or command' first
    return
  fi
  case $words[2] in
${cases.join('\n')}
    (*) _files ;;
  esac
}
_camflow "$@"
`;
}

function flags(): string[] {
  return [...controlOptions.map(({ flag }) => flag), ...generalOptions.map(([flag]) => flag)];
}

function bashAction(completion: Completion): string {
  const generate = (what: string): string => `COMPREPLY=($(compgen ${what} -- "$current"))`;
  switch (completion.kind) {
    case 'words':
      return generate(`-W "${completion.words.join(' ')}"`);
    case 'files':
      return 'compopt -o default';
    case 'processes':
      return generate('-W "$(cd /proc && echo [0-9]*)"');
    case 'users':
      return generate('-u');
    case 'groups':
      return generate('-g');
    default:
      return ':';
  }
}

function zshAction(completion: Completion): string {
  switch (completion.kind) {
    case 'words':
      return `compadd ${completion.words.join(' ')}`;
    case 'files':
      return '_files';
    case 'processes':
      return '_pids';
    case 'users':
      return '_users';
    case 'groups':
      return '_groups';
    default:
      return ':';
  }
}

function zshEntry(name: string, summary: string): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  return `'${quote(name)}:${quote(summary)}'`;
}
