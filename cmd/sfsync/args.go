package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// flagsFirst moves flags in front of the files that they may follow, since people
// write `check rules.sfsync --strict` as well as the other way round and the flag
// package stops at the first file. It also finds flags that do not exist.
func flagsFirst(app *cli.App, args []string) ([]string, error) {
	commands, command := app.Commands, (*cli.Command)(nil)
	i := 1
	for ; i < len(args); i++ {
		next := findCommand(commands, args[i])
		if next == nil {
			break
		}
		command, commands = next, next.Subcommands
	}
	if command == nil || len(command.Subcommands) > 0 || command.SkipFlagParsing {
		return args, nil
	}
	out := slices.Clone(args[:i])
	var files []string
	for ; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			files = append(files, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			files = append(files, arg)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag, err := findFlag(command, name)
		if err != nil {
			return nil, err
		}
		out = append(out, arg)
		if _, isBool := flag.(*cli.BoolFlag); isBool || hasValue {
			continue
		}
		if i++; i == len(args) {
			return nil, usagef("sfsync "+command.FullName()+" --help", "--%s needs a value", name)
		}
		out = append(out, args[i])
	}
	if len(files) > 0 {
		out = append(append(out, "--"), files...)
	}
	return out, nil
}

func findCommand(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func findFlag(command *cli.Command, name string) (cli.Flag, error) {
	var names []string
	for _, f := range append(slices.Clone(command.Flags), cli.HelpFlag) {
		if slices.Contains(f.Names(), name) {
			return f, nil
		}
		names = append(names, f.Names()[0])
	}
	if better, ok := dsl.Suggest(name, names); ok {
		return nil, usagef("", "there is no flag --%s; did you mean --%s?", name, better)
	}
	return nil, usagef("sfsync "+command.FullName()+" --help", "there is no flag --%s", name)
}
