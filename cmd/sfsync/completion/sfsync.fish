# Completion of sfsync for fish.
function __sfsync_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed (commandline -ct)
    for line in (command $words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$typed"
        else
            echo "$line"
        end
    end
end
complete -c sfsync -f -a '(__sfsync_complete)'
