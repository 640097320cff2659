# fish completion for vigil: the same words that its bash completion gives.
complete -c vigil -f -a '(vigil --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null)'
