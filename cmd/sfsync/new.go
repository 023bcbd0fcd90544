package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func newCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "make a rule file to start from, with a test",
		ArgsUsage: "FILE",
		Description: "It goes by the objects and fields of your org, and by a sample event: what it can\n" +
			"guess from them it proposes. At a terminal it asks; elsewhere flags answer, and\n" +
			"what no flag says is guessed. The file passes `check`, and its test passes.\n\n" +
			"The schema is that of --schema or --connection, or else of a directory `schema`\n" +
			"beside the file. Without an org, `sfsync schema export schema --org sim` makes one.",
		Flags: []cli.Flag{
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "go by the stored schema of the connection `NAME`, and write to it"},
			storeFlag(),
			&cli.StringFlag{Name: "event", Usage: "go by the sample event in `FILE`"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the rule"},
			&cli.StringFlag{Name: "on", Usage: "`TRIGGER`: \"survey response\", \"survey response SURVEY\" or \"outbound message OBJECT\""},
			&cli.StringFlag{Name: "when", Usage: "only for these `STATUSES`, with commas between them"},
			&cli.StringFlag{Name: "object", Usage: "write to this `OBJECT`"},
			&cli.StringFlag{Name: "match", Usage: "find the record by `FIELD=VALUE`, such as Id=profile.contact_id"},
			&cli.BoolFlag{Name: "create", Usage: "create a record every time, instead of finding one"},
			&cli.StringSliceFlag{Name: "set", Usage: "`FIELD=VALUE` or \"FIELD: text\"; may be repeated"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.newFile(ctx) },
	}
}

func (c *console) newFile(ctx *cli.Context) error {
	path, err := newPath(ctx)
	if err != nil {
		return err
	}
	d := &draft{path: path, connection: ctx.String("connection")}
	if d.schema, err = newSchema(ctx, path); err != nil {
		return err
	}
	for _, step := range []func(*cli.Context, *draft) error{c.newSample, c.newTrigger, c.newObject, c.newMatch, c.newFields, c.newName} {
		if err := step(ctx, d); err != nil {
			return err
		}
	}
	text, event, err := c.finish(d)
	if err != nil {
		return err
	}
	eventPath := filepath.Join(filepath.Dir(path), filepath.FromSlash(d.given))
	if event != "" {
		if err := writeNew(eventPath, event); err != nil {
			return err
		}
	}
	if err := writeNew(path, text); err != nil {
		return err
	}
	if wantsJSON(ctx) {
		return c.printJSON(map[string]any{"file": filepath.ToSlash(path), "event": filepath.ToSlash(eventPath), "event_made": event != "", "text": text})
	}
	fmt.Fprintf(c.out, "%s  a rule and its test\n", c.style.bold(path))
	if event != "" {
		about := "a sample event, made up"
		if !d.invented {
			about = "the sample event, for the test"
		}
		fmt.Fprintf(c.out, "%s  %s\n", c.style.bold(eventPath), about)
	}
	fmt.Fprintf(c.out, "\nNext: sfsync test %s\n", path)
	return nil
}

// newPath is the file to be made.
func newPath(ctx *cli.Context) (string, error) {
	if ctx.Args().Len() != 1 {
		return "", usagef("sfsync new answers"+ruleExtension, "name the one file to make")
	}
	path := ctx.Args().First()
	switch filepath.Ext(path) {
	case ruleExtension:
	case "":
		path += ruleExtension
	default:
		return "", usagef("", "rule files end in %s", ruleExtension)
	}
	if _, err := os.Lstat(path); err == nil {
		return "", usagef("give another name", "%s is there already", path)
	}
	return path, nil
}

func newSchema(ctx *cli.Context, path string) (*schema.Schema, error) {
	given, _, err := givenSchema(ctx)
	if given != nil || err != nil {
		return given, err
	}
	dir := beside(&dsl.Source{Path: path}, "schema")
	if dir == "" {
		return nil, usagef("sfsync schema export "+filepath.Join(filepath.Dir(path), "schema")+" --org sim, or with --instance URL of your own org",
			"there is no schema to go by: no directory `schema` beside the file, no --schema and no --connection")
	}
	return readSchema(dir)
}

// newSample settles the event to go by: that of --event, or one of the directory
// `events` beside the rule file.
func (c *console) newSample(ctx *cli.Context, d *draft) error {
	if path := ctx.String("event"); path != "" {
		return d.readSample(path)
	}
	dir := beside(&dsl.Source{Path: d.path}, "events")
	if dir == "" {
		return nil
	}
	files, err := eventFiles(dir)
	if err != nil {
		return err
	}
	kind, _ := cutTrigger(ctx.String("on"))
	var found []*draft
	var options []option
	for _, path := range files {
		one := &draft{path: d.path}
		if one.readSample(path) != nil {
			continue // this one is no good sample
		}
		ev, _ := plan.ReadEvent(one.sample)
		if kind == "" || (kind == onResponse) == (ev.Type == plan.TypeResponse) {
			found = append(found, one)
			options = append(options, option{filepath.Base(path), ev.Type + " " + ev.ID})
		}
	}
	if len(found) == 0 {
		return nil
	}
	chosen := 0
	if c.canAsk() && len(found) > 1 {
		name, err := c.choose(ctx.Context, "Which event is like those to come?", options[0].value, options)
		if err != nil {
			return err
		}
		chosen = slices.IndexFunc(options, func(o option) bool { return o.value == name })
	}
	d.sample, d.given = found[chosen].sample, found[chosen].given
	return nil
}

// readSample reads the first event of a file.
func (d *draft) readSample(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return outsidef("", "cannot read %s: %s", path, reason(err))
	}
	defer f.Close()
	n := 0
	for event, err := range intake.Read(f) {
		if n++; n > 1 {
			break
		}
		if err == nil {
			_, err = plan.ReadEvent(event.Text)
		}
		if err != nil {
			if p, ok := problemOf(filepath.ToSlash(path), event.Line, err); ok {
				return problemf("", "%s", p)
			}
			return outsidef("", "cannot read %s: %s", path, reason(errors.Unwrap(err)))
		}
		d.sample = event.Text
	}
	if d.sample == "" {
		return problemf("", "there is no event in %s", path)
	}
	// A test names its events from where the rule file is, and takes all of a file.
	if rel, err := filepath.Rel(filepath.Dir(d.path), path); err == nil && n == 1 && filepath.IsLocal(rel) {
		d.given = filepath.ToSlash(rel)
	}
	return nil
}

// settle is how every answer is found: by its flag, by asking with the guess as a
// preset, or by the guess alone. Try is what to do if there is no good guess.
func (c *console) settle(ctx *cli.Context, flag, question, guess, try string, check func(string) error) (string, error) {
	if given := ctx.String(flag); given != "" {
		if err := check(given); err != nil {
			return "", usagef(try, "--%s: %v", flag, err)
		}
		return given, nil
	}
	if c.canAsk() {
		return c.ask(ctx.Context, question, guess, check)
	}
	if err := check(guess); err != nil {
		return "", usagef(try, "%v", err)
	}
	return guess, nil
}
