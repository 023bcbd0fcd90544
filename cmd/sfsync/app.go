package main

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// execute runs the command that the arguments name.
func execute(ctx context.Context, c *console, args []string) error {
	app := newApp(c)
	args, err := flagsFirst(app, args)
	if err != nil {
		return err
	}
	return app.RunContext(ctx, args)
}

func newApp(c *console) *cli.App {
	app := &cli.App{
		Name:  "sfsync",
		Usage: "writes what surveys learn back into Salesforce",
		Description: "New here? `sfsync demo` shows everything at once, without a Salesforce org.\n" +
			"`sfsync explain` lists what it can explain: diagnostics, causes, functions.",
		UsageText:                 "sfsync COMMAND [options]",
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		Reader:                    c.in,
		Writer:                    c.out,
		ErrWriter:                 c.err,
		ExitErrHandler:            func(*cli.Context, error) {}, // main decides
		Commands: slices.Concat(
			[]*cli.Command{demoCommand(c), explainCommand(c), completionCommand(c), completeCommand(c), versionCommand(c)},
			category("Rules", newCommand(c), checkCommand(c), fmtCommand(c), testCommand(c), planCommand(c), diffCommand(c), docCommand(c), lspCommand(c)),
			category("Running them", runCommand(c), serveCommand(c), runsCommand(c)),
			category("Salesforce", connectCommand(c), schemaCommand(c), orgCommand(c)),
		),
	}
	app.Action = group("", app.Commands)
	app.OnUsageError = usageError
	prepare(app.Commands, "sfsync ")
	return app
}

// category puts commands under a heading of the help.
func category(name string, commands ...*cli.Command) []*cli.Command {
	for _, cmd := range commands {
		cmd.Category = name
	}
	return commands
}

// prepare gives commands what they all have in common.
func prepare(commands []*cli.Command, path string) {
	for _, cmd := range commands {
		cmd.OnUsageError = usageError
		cmd.HideHelpCommand = true
		if len(cmd.Subcommands) > 0 {
			cmd.UsageText = path + cmd.Name + " COMMAND"
			cmd.Action = group(path+cmd.Name+" ", cmd.Subcommands)
			prepare(cmd.Subcommands, path+cmd.Name+" ")
		}
	}
}

// group is the action of a name that only stands for other commands.
func group(path string, commands []*cli.Command) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		name := ctx.Args().First()
		if name == "" || path == "" && name == "help" {
			return cli.ShowSubcommandHelp(ctx)
		}
		var names []string
		for _, cmd := range commands {
			names = append(names, cmd.Names()...)
		}
		if better, ok := dsl.Suggest(name, names); ok {
			return usagef("", "there is no command `%s`; did you mean `%s`?", name, better)
		}
		help := "sfsync help"
		if path != "" {
			help = path + "--help"
		}
		return usagef(help, "there is no command `%s`", name)
	}
}

func usageError(_ *cli.Context, err error, _ bool) error {
	return &exitError{code: exitUsage, message: err.Error()}
}
