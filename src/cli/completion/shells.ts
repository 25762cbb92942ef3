/**
 * Scripts that make a shell complete `gan` by asking `gan complete`. The word to be completed comes last, after an
 * equals sign, since it may be empty.
 */

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

interface Completion {
  /** How to use the script from now on. */
  install: string[];
  script: string;
}

const bash = `# completion of gan for bash
_gan() {
  local line words cur skip each
  line=\${COMP_LINE:0:COMP_POINT}
  read -a words <<< "$line" # a backslash joins what follows to the word, as in the shell
  cur=
  [[ $line == *' ' ]] || { cur=\${words[\${#words[@]}-1]}; unset 'words[\${#words[@]}-1]'; }
  skip=\${cur%"\${cur##*[:=]}"} # bash takes these signs for the end of a word
  COMPREPLY=()
  while IFS= read -r each; do
    each=\${each#"$skip"}
    # a name is a word of the command line and nothing else
    [[ $each == *[!a-zA-Z0-9_./:=,@%+-]* ]] && printf -v each %q "$each"
    COMPREPLY+=("$each")
  done < <(gan complete -- "\${words[@]:1}" "=$cur" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o default -F _gan gan
`;

const zsh = `#compdef gan
# completion of gan for zsh
_gan() {
  local -a found
  found=("\${(@f)$(gan complete -- "\${(@Q)words[2,CURRENT-1]}" "=\${(Q)words[CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then
    compadd -S '' -- "\${(@M)found:#*=}" # zsh quotes what needs it
    compadd -- "\${(@)found:#*=}"
  else
    _files
  fi
}
compdef _gan gan
`;

const fish = `# completion of gan for fish
function __gan_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  set -l found (gan complete -- $words "=$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path $current
  end
end
complete -c gan -f -a '(__gan_complete)'
`;

const powershell = `# completion of gan for PowerShell
Register-ArgumentCompleter -Native -CommandName gan -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  gan complete -- @words "=$wordToComplete" 2>$null | ForEach-Object {
    $text = if ($_ -match '[^a-zA-Z0-9_./:=,+-]') { "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($_) + "'" } else { $_ }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}
`;

export const completions: Readonly<Record<Shell, Completion>> = {
  bash: {script: bash, install: ['echo \'eval "$(gan autocomplete bash)"\' >> ~/.bashrc']},
  zsh: {
    script: zsh,
    install: ['echo \'autoload -Uz compinit && compinit; eval "$(gan autocomplete zsh)"\' >> ~/.zshrc'],
  },
  fish: {
    script: fish,
    install: ["echo 'gan autocomplete fish | source' >> ~/.config/fish/config.fish"],
  },
  powershell: {
    script: powershell,
    install: ["Add-Content $PROFILE 'gan autocomplete powershell | Out-String | Invoke-Expression'"],
  },
};
