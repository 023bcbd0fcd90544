package main

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/store"
)

//go:embed completion
var completionScripts embed.FS

// shells are the shells that completion knows, with how each of them takes its script.
var shells = map[string]string{
	"bash": "sfsync completion bash > ~/.local/share/bash-completion/completions/sfsync",
	"zsh":  "sfsync completion zsh > ~/.zfunc/_sfsync   (with `fpath+=~/.zfunc` in ~/.zshrc, before compinit)",
	"fish": "sfsync completion fish > ~/.config/fish/completions/sfsync.fish",
}

func completionCommand(c *console) *cli.Command {
	var how strings.Builder
	how.WriteString("Put it where the shell looks for completions, and open a new shell:\n")
	for _, shell := range slices.Sorted(maps.Keys(shells)) {
		how.WriteString("\n" + shells[shell])
	}
	return &cli.Command{
		Name:        "completion",
		Usage:       "print what makes a shell complete sfsync's commands",
		ArgsUsage:   "bash|zsh|fish",
		Description: how.String(),
		Action: func(ctx *cli.Context) error {
			shell := ctx.Args().First()
			if shell == "" {
				return usagef("sfsync completion bash|zsh|fish", "name your shell")
			}
			if _, ok := shells[shell]; !ok {
				return usagef("sfsync completion bash|zsh|fish", "there is no completion for the shell `%s`", shell)
			}
			script, err := completionScripts.ReadFile("completion/sfsync." + shell)
			if err != nil {
				return err
			}
			_, err = c.out.Write(script)
			return err
		},
	}
}

// completeName is the command that the scripts of shells ask. Its arguments are the
// words of the command line up to the cursor, the last of them unfinished. It prints
// what may stand there, one a line: the word, a tab, and what it is. A line `:files`
// says that a file may stand there, too.
const completeName = "__complete"

func completeCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:            completeName,
		Hidden:          true,
		SkipFlagParsing: true,
		Action: func(ctx *cli.Context) error {
			complete(ctx, ctx.App, c.out, ctx.Args().Slice())
			return nil
		},
	}
}

// complete answers a shell. Whatever goes wrong, a line that is being typed is no place
// to say so.
func complete(ctx *cli.Context, app *cli.App, out io.Writer, words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	typed := words[len(words)-1]
	commands, command := app.Commands, (*cli.Command)(nil)
	i := 0
	for ; i < len(words)-1; i++ {
		next := findCommand(commands, words[i])
		if next == nil {
			break
		}
		command, commands = next, next.Subcommands
	}
	if command == nil || len(command.Subcommands) > 0 {
		if i == len(words)-1 {
			for _, cmd := range commands {
				if !cmd.Hidden {
					candidate(out, typed, cmd.Name, cmd.Usage)
				}
			}
		}
		return
	}
	flag, before := flagBefore(command, words[i:])
	switch {
	case flag != nil:
		completeValue(ctx, out, flag, before, strings.TrimPrefix(typed, before))
	case strings.HasPrefix(typed, "-") && !slices.Contains(words[:len(words)-1], "--"):
		for _, f := range append(slices.Clone(command.Flags), cli.HelpFlag) {
			if usage, ok := f.(cli.DocGenerationFlag); ok && len(f.Names()[0]) > 1 {
				candidate(out, typed, "--"+f.Names()[0], strings.ReplaceAll(usage.GetUsage(), "`", ""))
			}
		}
	case command.Name == "explain":
		completeExplain(out, typed)
	case command.Name == "completion":
		for _, shell := range slices.Sorted(maps.Keys(shells)) {
			candidate(out, typed, shell, "")
		}
	default:
		fmt.Fprintln(out, ":files")
	}
}

// flagBefore is the flag whose value the last word is. It comes as a word of its own, or
// as --flag=value in one word, of which before is then the part that is no value; bash
// hands that over as three words.
func flagBefore(command *cli.Command, words []string) (flag cli.Flag, before string) {
	last := len(words) - 1
	name, _, joined := strings.Cut(words[last], "=")
	switch {
	case joined && words[last] != "=" && strings.HasPrefix(name, "-"):
		before = name + "="
	case last >= 2 && words[last-1] == "=":
		name = words[last-2]
	case last >= 1 && words[last] == "=":
		name, before = words[last-1], "="
	case last >= 1:
		name = words[last-1]
	}
	if !strings.HasPrefix(name, "-") || slices.Contains(words[:last], "--") {
		return nil, ""
	}
	flag, err := findFlag(command, strings.TrimLeft(name, "-"), "")
	if err != nil {
		return nil, ""
	}
	if _, isBool := flag.(*cli.BoolFlag); isBool {
		return nil, ""
	}
	return flag, before
}

// completeValue prints the values that a flag may have.
func completeValue(ctx *cli.Context, out io.Writer, flag cli.Flag, before, typed string) {
	if before == "=" { // bash puts what is chosen behind the sign
		before = ""
	}
	switch name := flag.Names()[0]; name {
	case "connection":
		for _, c := range knownConnections(ctx) {
			candidate(out, before+typed, before+c.Name, c.InstanceURL)
		}
	case "org":
		candidate(out, before+typed, before+"sim", "an org of its own for this command")
	case "format":
		usage, _ := flag.(cli.DocGenerationFlag)
		for _, word := range formatsOf(usage.GetUsage()) {
			candidate(out, before+typed, before+word, "")
		}
	default:
		fmt.Fprintln(out, ":files")
	}
}

// formatsOf reads the formats that the help of a flag lists behind its colon.
func formatsOf(usage string) []string {
	_, list, _ := strings.Cut(usage, ": ")
	return strings.FieldsFunc(strings.ReplaceAll(list, " or ", ","), func(r rune) bool { return r == ',' || r == ' ' })
}

// knownConnections are the connections of the store, if it can be read now.
func knownConnections(ctx *cli.Context) []store.Connection {
	s, err := readStore(ctx)
	if err != nil || s == nil {
		return nil
	}
	defer s.Close()
	all, _ := store.Connections(ctx.Context, s.State())
	return all
}

func completeExplain(out io.Writer, typed string) {
	all := allExplanations()
	for _, info := range all.Codes {
		candidate(out, typed, string(info.Code), info.Title)
	}
	for _, info := range all.Causes {
		candidate(out, typed, string(info.Cause), info.Title)
	}
	for _, f := range all.Functions {
		candidate(out, typed, f.Name, f.Doc)
	}
}

// candidate prints a word if it goes on from what is typed.
func candidate(out io.Writer, typed, word, about string) {
	if strings.HasPrefix(strings.ToLower(word), strings.ToLower(typed)) {
		fmt.Fprintf(out, "%s\t%s\n", word, oneLine(about))
	}
}
