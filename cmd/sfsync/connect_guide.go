package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

//go:embed guide
var guides embed.FS

func connectGuideCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "guide",
		Usage:     "what to click in Salesforce Setup, for each way to sign in",
		ArgsUsage: "web|jwt|client-credentials|user",
		Description: "The guide `user` says which user sfsync should act as, and what that user must and\n" +
			"must not be allowed to do.",
		Action: func(ctx *cli.Context) error {
			topic := ctx.Args().First()
			names := []string{"web", "jwt", "client-credentials", "user"}
			if topic == "" {
				fmt.Fprintf(c.out, "sfsync connect guide %s\n\n", strings.Join(names, "|"))
				topic = "user"
			}
			text, err := guides.ReadFile("guide/" + topic + ".md")
			if err != nil {
				return usagef("sfsync connect guide "+strings.Join(names, "|"), "there is no guide `%s`", topic)
			}
			_, err = c.out.Write(text)
			return err
		},
	}
}
