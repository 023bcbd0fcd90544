package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// schemaEntry is an object in a list.
type schemaEntry struct {
	Name       string    `json:"name"`
	Label      string    `json:"label"`
	KeyPrefix  string    `json:"key_prefix"`
	Custom     bool      `json:"custom"`
	Createable bool      `json:"createable"`
	Updateable bool      `json:"updateable"`
	Fields     int       `json:"fields,omitempty"` // 0 if they are not known
	Fetched    time.Time `json:"fetched,omitzero"`
	Partial    bool      `json:"partial,omitempty"` // only what outbound messages carry is known
}

func (c *console) schemaList(ctx *cli.Context) error {
	s, from, err := listedSchema(ctx)
	if err != nil {
		return err
	}
	list := []schemaEntry{}
	for _, name := range s.Names() {
		o := s.Object(name)
		list = append(list, schemaEntry{o.Name, o.Label, o.KeyPrefix, o.Custom, o.Createable, o.Updateable, len(o.Fields), o.FetchedAt, o.Partial})
	}
	if wantsJSON(ctx) {
		return c.printJSON(list)
	}
	known := len(s.Described()) > 0
	dated := slices.ContainsFunc(list, func(e schemaEntry) bool { return !e.Fetched.IsZero() })
	t := table{tight: true}
	head := []any{cell{"object", c.style.dim}, cell{"ids", c.style.dim}, cell{"the user may", c.style.dim}}
	if known {
		head = append(head, cell{"fields", c.style.dim})
	}
	if dated {
		head = append(head, cell{"fetched", c.style.dim})
	}
	t.row(append(head, cell{"label", c.style.dim})...)
	for _, e := range list {
		row := []any{cell{e.Name, c.style.bold}, e.KeyPrefix, mayText(e.Createable, e.Updateable)}
		if known {
			fields := ""
			if e.Fields > 0 {
				fields = strconv.Itoa(e.Fields)
			}
			row = append(row, fields)
		}
		if dated {
			fetched := ""
			if !e.Fetched.IsZero() {
				fetched = ago(e.Fetched, time.Now())
			}
			row = append(row, fetched)
		}
		t.row(append(row, e.Label)...)
	}
	t.write(c.out, c.width)
	if from != "" {
		fmt.Fprintf(c.out, "\n%s\n", wrap(from, "", c.width))
	}
	return nil
}

func mayText(create, update bool) string {
	switch {
	case create && update:
		return "create, update"
	case create:
		return "create"
	case update:
		return "update"
	}
	return "read only"
}

// listedSchema is what a list is made of, and a remark on where it comes from.
func listedSchema(ctx *cli.Context) (s *schema.Schema, remark string, err error) {
	if dir := ctx.String("schema"); dir != "" {
		s, err = readSchema(dir)
		return s, "", err
	}
	var stored *schema.Schema
	if name := ctx.String("connection"); name != "" {
		stored, err = storedSchema(ctx, name)
		if !ctx.Bool("refresh") {
			return stored, "This is what the store knows. --refresh asks the org for all its objects.", err
		}
	}
	t, err := oneTarget(ctx)
	if err != nil {
		return nil, "", err
	}
	defer t.close()
	all, err := t.client.DescribeGlobal(ctx.Context)
	if err != nil {
		return nil, "", salesforceError(t, err)
	}
	s = schema.New(all...)
	for _, name := range stored.Names() {
		if o := s.Object(name); o != nil {
			o.Fields, o.FetchedAt = stored.Object(name).Fields, stored.Object(name).FetchedAt
		}
	}
	return s, "", nil
}

func (c *console) schemaShow(ctx *cli.Context) error {
	name, field := ctx.Args().First(), ctx.Args().Get(1)
	if name != "" && field == "" {
		name, field, _ = strings.Cut(name, ".")
	}
	if name == "" || ctx.NArg() > 2 {
		return usagef("sfsync schema show Contact --schema schema", "one object is needed, and perhaps one of its fields")
	}
	o, from, err := findObject(ctx, name)
	if err != nil {
		return err
	}
	raw := o.Raw()
	var f *schema.Field
	if field != "" {
		if f = o.Field(field); f == nil {
			return noField(o, field)
		}
		raw = rawField(raw, f.Name)
	}
	if wantsJSON(ctx) {
		return c.printJSON(json.RawMessage(raw))
	}
	if f != nil {
		c.printField(f)
		return nil
	}
	c.printObject(o, from)
	return nil
}

// rawField is the describe of one field, as Salesforce has written it.
func rawField(object []byte, name string) []byte {
	var o struct {
		Fields []json.RawMessage `json:"fields"`
	}
	if json.Unmarshal(object, &o) == nil {
		for _, raw := range o.Fields {
			var f struct{ Name string }
			if json.Unmarshal(raw, &f) == nil && f.Name == name {
				return raw
			}
		}
	}
	return []byte("null")
}

// findObject finds an object, and says where its describe comes from.
func findObject(ctx *cli.Context, name string) (o *schema.Object, from string, err error) {
	if dir := ctx.String("schema"); dir != "" {
		s, err := readSchema(dir)
		if err != nil {
			return nil, "", err
		}
		if o := s.Object(name); o != nil {
			return o, fetchedText(o, dir), nil
		}
		return nil, "", noObject(name, s.Names())
	}
	connection := ctx.String("connection")
	if connection != "" && !ctx.Bool("refresh") {
		kv, done, err := readState(ctx)
		if err == nil && kv != nil {
			s, kept := keptSchema(ctx.Context, kv, connection)
			o, err = s.Object(name), kept
		}
		done()
		if err != nil || o != nil {
			return o, fetchedText(o, "connection "+connection), err
		}
	}
	t, err := oneTarget(ctx)
	if err != nil {
		return nil, "", err
	}
	d, err := t.client.Describe(ctx.Context, name, time.Time{})
	if err == nil {
		t.close()
		return d.Object, "", keepShown(ctx, connection, d.Object)
	}
	defer t.close()
	var e *salesforce.Error
	if !errors.As(err, &e) || e.Cause != salesforce.WrongObject {
		return nil, "", salesforceError(t, err)
	}
	all, err := t.client.DescribeGlobal(ctx.Context)
	if err != nil {
		return nil, "", salesforceError(t, err)
	}
	return nil, "", noObject(name, schema.New(all...).Names())
}

// keepShown puts what --refresh has fetched into the store.
func keepShown(ctx *cli.Context, connection string, o *schema.Object) error {
	if connection == "" || !ctx.Bool("refresh") {
		return nil
	}
	kv, done, err := openState(ctx)
	if err == nil {
		err = keepSchema(ctx.Context, kv, connection, schema.New(o))
	}
	done()
	return err
}

func fetchedText(o *schema.Object, from string) string {
	if o == nil || o.FetchedAt.IsZero() {
		return from
	}
	return from + ", fetched " + ago(o.FetchedAt, time.Now())
}
