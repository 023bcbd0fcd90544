package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce/outbound"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func schemaImportCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "import-wsdl",
		Usage:     "learn from a WSDL what an outbound message carries, without an org",
		ArgsUsage: "FILE…",
		Description: "Setup, Outbound Messages, Click for WSDL: saves the file. Rules that read a field\n" +
			"which the message does not carry are errors from then on; what they write to the\n" +
			"object is not checked, for which `sfsync schema export` fetches the describe.\n" +
			"A describe that is there already stays, since it knows more.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "schema", Value: "schema", Usage: "write to the describe results in `DIR`; beside a rule file, check finds it there"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.schemaImport(ctx) },
	}
}

// imported is what a WSDL has told.
type imported struct {
	File     string   `json:"file"`
	Object   string   `json:"object"`
	Fields   []string `json:"fields"`
	Endpoint string   `json:"endpoint"` // scheme and host only: the path may be a secret
	Written  bool     `json:"written"`  // false where a describe is there
	Unknown  []string `json:"unknown"`  // fields that the describe does not have
}

func (c *console) schemaImport(ctx *cli.Context) error {
	if ctx.NArg() == 0 {
		return usagef("sfsync schema import-wsdl workflowOutboundMessage.wsdl", "no WSDL is named")
	}
	dir := ctx.String("schema")
	known, err := existingSchema(dir)
	if err != nil {
		return err
	}
	changed := schema.New()
	list := []imported{}
	for _, path := range ctx.Args().Slice() {
		def, err := readWSDL(path)
		if err != nil {
			return err
		}
		o, before := def.Object, known.Object(def.Object.Name)
		found := imported{File: path, Object: o.Name, Fields: o.FieldNames(), Endpoint: withoutSecrets(def.Endpoint), Unknown: []string{}}
		if before != nil && !before.Partial {
			for _, name := range found.Fields {
				if before.Field(name) == nil {
					found.Unknown = append(found.Unknown, name)
				}
			}
		} else {
			if before != nil { // of another message of the object, which rules do not tell apart
				o.Fields = append(o.Fields, slices.DeleteFunc(before.Fields, func(f *schema.Field) bool { return o.Field(f.Name) != nil })...)
			}
			known.Add(o)
			changed.Add(o)
			found.Written = true
		}
		list = append(list, found)
	}
	if err := changed.WriteDir(dir); err != nil {
		return outsidef("", "%w", err)
	}
	if wantsJSON(ctx) {
		return c.printJSON(list)
	}
	for _, found := range list {
		c.printImported(&found, dir)
	}
	return nil
}

// existingSchema reads the directory, if it is there.
func existingSchema(dir string) (*schema.Schema, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return schema.New(), nil
	}
	return readSchema(dir)
}

func readWSDL(path string) (*outbound.Definition, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	defer f.Close()
	def, err := outbound.ReadWSDL(f)
	var refused *outbound.Refusal
	switch {
	case errors.As(err, &refused):
		return nil, problemf("Setup, Outbound Messages, Click for WSDL", "%s: %s", path, refused.Reason)
	case err != nil:
		return nil, outsidef("", "cannot read %s: %s", path, reason(err))
	}
	return def, nil
}

func (c *console) printImported(found *imported, dir string) {
	fmt.Fprintf(c.out, "%s  %s, sent to %s\n", c.style.bold(found.Object), plural(len(found.Fields), "field"), found.Endpoint)
	fmt.Fprintln(c.out, wrap(strings.Join(found.Fields, ", "), "  ", c.width))
	switch {
	case found.Written:
		fmt.Fprintf(c.out, "  written to %s/%s.json\n", dir, found.Object)
	case len(found.Unknown) == 0:
		fmt.Fprintf(c.out, "  %s/%s.json is a whole describe, and stays\n", dir, found.Object)
	default:
		fmt.Fprintln(c.out, hanging("  ", dir+"/"+found.Object+".json is a whole describe, and stays; it does not have "+strings.Join(found.Unknown, ", ")+
			": the connected user may not see them, or it is older", c.width))
	}
}
