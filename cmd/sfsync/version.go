package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func versionCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "which sfsync this is",
		Flags: []cli.Flag{formatFlag()},
		Action: func(ctx *cli.Context) error {
			v := buildVersion()
			if wantsJSON(ctx) {
				return c.printJSON(v)
			}
			fmt.Fprintf(c.out, "sfsync %s\n", v.Version)
			if v.Revision != "" {
				fmt.Fprintf(c.out, "revision %s\n", v.Revision)
			}
			fmt.Fprintf(c.out, "built with %s for %s\n", v.Go, v.Platform)
			return nil
		},
	}
}

// version is what `sfsync version` prints.
type version struct {
	Version  string `json:"version"`            // of the release, or "devel"
	Revision string `json:"revision,omitempty"` // of the source, with "+changes" if it was edited
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildVersion() version {
	v := version{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if main := info.Main.Version; main != "" && main != "(devel)" {
		v.Version = main
	}
	changed := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+changes"
			}
		}
	}
	if v.Revision != "" {
		v.Revision += changed
	}
	return v
}
