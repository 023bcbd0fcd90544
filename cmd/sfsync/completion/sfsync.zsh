#compdef sfsync
# Completion of sfsync for zsh.
_sfsync() {
    local line word about files=0
    local -a found
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
            continue
        fi
        word=${line%%$'\t'*} about=${line#*$'\t'}
        found+=("${word//:/\\:}${about:+:$about}")
    done < <(command ${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#found} )); then _describe -V sfsync found; fi
    if (( files )); then _files; fi
}
if [ "${funcstack[1]}" = _sfsync ]; then
    _sfsync "$@"
else
    compdef _sfsync sfsync
fi
