/** What a shell is given once: at each TAB it asks `vigil --complete WORDS…`, a candidate a line. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# bash completion for vigil
_vigil() {
	local IFS=$'\\n'
	COMPREPLY=($(vigil --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _vigil vigil
`;

const ZSH = `#compdef vigil
# zsh completion for vigil
_vigil() {
	local -a found
	local line
	for line in "\${(@f)$(vigil --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		[[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
	done
	if ((\${#found})); then _describe vigil found; else _files; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _vigil "$@"; else compdef _vigil vigil; fi
`;

const FISH = `# fish completion for vigil
function __vigil_complete
	set -l words (commandline -opc)
	vigil --complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c vigil -f -a '(__vigil_complete)'
complete -c vigil -n '__fish_seen_subcommand_from check replay record-events' -F
complete -c vigil -l config -r -F
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The shell of the environment, bash when it is none of these. */
export function shellOf(env: Readonly<Record<string, string | undefined>>): Shell {
  const name = (env.SHELL ?? '').split('/').at(-1) ?? '';
  return SHELLS.find(shell => name === shell) ?? 'bash';
}
