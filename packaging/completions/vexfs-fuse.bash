# bash completion for vexfs-fuse: verbs, options (from --help, so they cannot disagree), directories.
_vexfs_fuse() {
    local current="${COMP_WORDS[COMP_CWORD]}" verb="${COMP_WORDS[1]:-}"
    local program="${COMP_WORDS[0]}"
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        local verbs
        verbs="$("$program" --help 2> /dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')"
        mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$current")
    elif [[ $current == -* ]]; then
        local options
        options="$("$program" "$verb" --help 2> /dev/null | sed -n 's/^ .*\(--[a-z-]*\).*/\1/p')"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
    fi
}
complete -F _vexfs_fuse vexfs-fuse
