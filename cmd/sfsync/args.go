package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// flagsFirst moves flags in front of the files that they may follow, since people
// write `check rules.sfsync --strict` as well as the other way round and the flag
// package stops at the first file. It also finds flags that do not exist, values that
// they do not take, and more arguments than the command takes.
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
	called := strings.Join(args[1:i], " ")
	help := "sfsync " + called + " --help"
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
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag, err := findFlag(command, name, help)
		if err != nil {
			return nil, err
		}
		out = append(out, arg)
		if _, isBool := flag.(*cli.BoolFlag); !isBool && !hasValue {
			if i++; i == len(args) {
				return nil, usagef(help, "--%s needs a value", name)
			}
			value, hasValue = args[i], true
			out = append(out, value)
		}
		if hasValue && !fits(flag, value) {
			return nil, usagef(help, "--%s takes %s, and not `%s`", name, kindOf(flag), value)
		}
	}
	if takes := strings.Fields(command.ArgsUsage); len(files) > len(takes) && !strings.Contains(command.ArgsUsage, "…") {
		if len(takes) == 0 {
			return nil, usagef(help, "`%s` takes flags only, and no `%s`", called, files[0])
		}
		return nil, usagef(help, "`%s` takes %s, and no `%s` behind it", called, command.ArgsUsage, files[len(takes)])
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

func findFlag(command *cli.Command, name, help string) (cli.Flag, error) {
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
	return nil, usagef(help, "there is no flag --%s", name)
}

// fits tells whether a flag of that type takes a value.
func fits(flag cli.Flag, value string) bool {
	var err error
	switch flag.(type) {
	case *cli.IntFlag:
		_, err = strconv.Atoi(value)
	case *cli.Uint64Flag:
		_, err = strconv.ParseUint(value, 10, 64)
	case *cli.Float64Flag:
		_, err = strconv.ParseFloat(value, 64)
	case *cli.DurationFlag:
		_, err = time.ParseDuration(value)
	case *cli.BoolFlag:
		_, err = strconv.ParseBool(value)
	}
	return err == nil
}

// kindOf says in words what the values of a flag are.
func kindOf(flag cli.Flag) string {
	switch flag.(type) {
	case *cli.IntFlag, *cli.Uint64Flag:
		return "a whole number"
	case *cli.Float64Flag:
		return "a number"
	case *cli.DurationFlag:
		return "a time such as 30s, 5m or 2h"
	}
	return "true or false"
}
