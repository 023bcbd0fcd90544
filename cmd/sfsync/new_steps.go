package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

const (
	onMessage  = "outbound message"
	onResponse = "survey response"

	shownObjects = 20 // how many objects an answer lists
)

// newTrigger settles what sets the rule in motion.
func (c *console) newTrigger(ctx *cli.Context, d *draft) error {
	ev, _ := plan.ReadEvent(d.sample)
	guess := onResponse
	switch {
	case ev.Object != "":
		guess = onMessage + " " + ev.Object
	case ev.Survey != "":
		guess += " " + ev.Survey
	}
	on, err := c.settle(ctx, "on", "What does the rule react to?", guess, `--on "survey response"`, func(answer string) error {
		kind, of := cutTrigger(answer)
		switch {
		case kind == "":
			return errors.New("a rule reacts to a `survey response` or an `outbound message OBJECT`")
		case kind == onMessage && of == "":
			return errors.New("of which object? `outbound message Case`, for example")
		case kind == onMessage:
			_, err := d.find(of)
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.trigger, d.of = cutTrigger(on)
	if d.trigger == onMessage {
		o, _ := d.find(d.of)
		d.of = o.Name
	}
	if ctx.String("event") == "" && !d.concerns(ev) {
		d.sample, d.given = "", ""
	}
	when := ctx.String("when")
	if when != "" {
		if err := d.react(when); err != nil {
			return usagef("", "--when: %v", err)
		}
	} else if d.trigger == onResponse && c.canAsk() {
		_, err = c.ask(ctx.Context, "For which statuses? (empty: for all)", "", d.react)
	}
	return err
}

// react takes the statuses that the rule is for, with commas between them.
func (d *draft) react(when string) error {
	var statuses []string
	for text := range strings.SplitSeq(when, ",") {
		text = strings.TrimSpace(text)
		at := slices.IndexFunc(dsl.Statuses, func(s string) bool { return dsl.NormalStatus(s) == dsl.NormalStatus(text) })
		if at >= 0 {
			statuses = append(statuses, dsl.Statuses[at])
			continue
		}
		if better, ok := dsl.Suggest(text, dsl.Statuses); ok {
			return fmt.Errorf("there is no status %s; did you mean %s?", text, better)
		}
		if text != "" {
			return fmt.Errorf("there is no status %s; there are %s", text, strings.Join(dsl.Statuses, ", "))
		}
	}
	d.when = strings.Join(statuses, ", ")
	return nil
}

// concerns reports whether an event sets the rule in motion.
func (d *draft) concerns(ev plan.Event) bool {
	if d.trigger == onMessage {
		return strings.EqualFold(ev.Object, d.of)
	}
	return ev.Type == plan.TypeResponse && (d.of == "" || d.of == ev.Survey)
}

func cutTrigger(text string) (kind, of string) {
	for _, kind := range []string{onMessage, onResponse} {
		if len(text) >= len(kind) && strings.EqualFold(text[:len(kind)], kind) {
			return kind, strings.TrimSpace(text[len(kind):])
		}
	}
	return "", ""
}

// find is the described object of a name.
func (d *draft) find(name string) (*schema.Object, error) {
	if o := d.schema.Object(name); o != nil && len(o.Fields) > 0 {
		return o, nil
	}
	if better, ok := dsl.Suggest(name, d.schema.Names()); ok {
		return nil, fmt.Errorf("there is no object %s; did you mean %s?", name, better)
	}
	names := d.schema.Names()
	has := strings.Join(names[:min(len(names), shownObjects)], ", ")
	if more := len(names) - shownObjects; more > 0 {
		has += fmt.Sprintf(" and %d more", more)
	}
	return nil, fmt.Errorf("there is no object %s in the schema; it has %s", name, has)
}

// newObject settles which object is written.
func (c *console) newObject(ctx *cli.Context, d *draft) error {
	name, err := c.settle(ctx, "object", "Which object does it write?", d.guessObject(), "--object Contact", func(answer string) error {
		if answer == "" {
			return errors.New("nothing says which object to write")
		}
		_, err := d.find(answer)
		return err
	})
	if err == nil {
		d.object, err = d.find(name)
	}
	return err
}

// newMatch settles how the record is found, or that one is created.
func (c *console) newMatch(ctx *cli.Context, d *draft) error {
	if ctx.Bool("create") {
		if ctx.String("match") != "" {
			return usagef("", "--create and --match exclude each other")
		}
		return nil
	}
	example := "Id=profile." + strings.ToLower(strings.TrimSuffix(d.object.Name, "__c")) + "_id"
	_, err := c.settle(ctx, "match", "How is the record found? (FIELD=VALUE, or create)", d.guessMatch(), "--match "+example+", or --create", func(answer string) error {
		d.matchField, d.matchValue = "", ""
		if answer == "create" {
			return nil
		}
		field, value := cutPair(answer, "=")
		if field == "" || value == "" {
			return fmt.Errorf("nothing says how a record of %s is found: by FIELD=VALUE, such as %s", d.object.Name, example)
		}
		f := d.object.Field(field)
		switch {
		case f == nil:
			return d.noField(field)
		case f.Name != "Id" && !f.ExternalID:
			return fmt.Errorf("%s is not the record id and no external id", f.Name)
		}
		d.matchField, d.matchValue = f.Name, value
		if err := d.wrong(d.match()); err != nil {
			return err
		}
		return d.tryOut()
	})
	return err
}

func (d *draft) noField(name string) error {
	if better, ok := dsl.Suggest(name, d.object.FieldNames()); ok {
		return fmt.Errorf("%s has no field %s; did you mean %s?", d.object.Name, name, better)
	}
	return fmt.Errorf("%s has no field %s", d.object.Name, name)
}

// newFields settles what is written.
func (c *console) newFields(ctx *cli.Context, d *draft) error {
	for _, pair := range ctx.StringSlice("set") {
		if err := d.set(pair); err != nil {
			return usagef("", "--set %s: %v", pair, err)
		}
	}
	if len(d.fields) == 0 {
		d.fields = d.guessFields()
	}
	if c.canAsk() && !ctx.IsSet("set") {
		if err := c.askFields(ctx, d); err != nil {
			return err
		}
	}
	if len(d.fields) == 0 {
		return usagef("--set FIELD=VALUE, or --set 'FIELD: text'", "nothing says what to write to %s", d.object.Name)
	}
	if missing := d.missing(); len(missing) > 0 {
		return usagef("--set "+missing[0]+"=VALUE", "a new %s needs %s", d.object.Name, strings.Join(missing, ", "))
	}
	return nil
}

// askFields shows what would be written, and takes more until there is an empty answer.
func (c *console) askFields(ctx *cli.Context, d *draft) error {
	for {
		head := "It writes:"
		if len(d.fields) == 0 {
			head = "It writes nothing yet."
		}
		fmt.Fprintln(c.err, c.errStyle.bold(head))
		t := table{indent: "  "}
		for _, f := range d.fields {
			t.row(f.field.Name, f.value, f.field.Label)
		}
		for _, name := range d.missing() {
			t.row(name, "?", "a new record needs it")
		}
		t.write(c.err, c.width)
		pair, err := c.ask(ctx.Context, "Another field? (FIELD=VALUE, FIELD: text, -FIELD, or empty)", "", func(answer string) error {
			name, out := strings.CutPrefix(answer, "-")
			switch {
			case answer == "" && len(d.fields) == 0:
				return errors.New("a rule writes at least one field")
			case answer == "" && len(d.missing()) > 0:
				return fmt.Errorf("a new %s needs %s", d.object.Name, strings.Join(d.missing(), ", "))
			case answer == "":
				return d.tryOut()
			case out:
				return d.unset(name)
			}
			return d.set(answer)
		})
		if err != nil || pair == "" {
			return err
		}
	}
}

// newName settles what the rule is called: otherwise than the rules of its folder.
func (c *console) newName(ctx *cli.Context, d *draft) error {
	what := "Answers"
	if d.trigger == onMessage {
		what = "Survey status"
	}
	taken := rulesBeside(d.path)
	guess := what + " on the " + strings.ToLower(cmp.Or(d.object.Label, d.object.Name))
	for n := 2; taken[guess] != ""; n++ {
		guess = strings.TrimSuffix(guess, fmt.Sprintf(" %d", n-1)) + fmt.Sprintf(" %d", n)
	}
	var err error
	d.name, err = c.settle(ctx, "name", "What is the rule called?", guess, "--name NAME", func(answer string) error {
		switch {
		case answer == "" || strings.ContainsAny(answer, "\r\n"):
			return errors.New("a name is one line of text")
		case taken[answer] != "":
			return fmt.Errorf("there is a rule of this name in %s", taken[answer])
		}
		return nil
	})
	return err
}

// rulesBeside are the names of the rules in the folder of a file, with their files.
// Files that cannot be read are for check to tell of.
func rulesBeside(file string) map[string]string {
	names := map[string]string{}
	paths, _ := folderRules(filepath.Dir(file))
	for _, path := range paths {
		src, err := openSource(path)
		if err != nil {
			continue
		}
		rules, _ := dsl.Parse(src)
		for _, r := range rules.Rules {
			names[r.Name.Text] = path
		}
	}
	return names
}

func cutPair(text, sign string) (left, right string) {
	left, right, _ = strings.Cut(text, sign)
	return strings.TrimSpace(left), strings.TrimSpace(right)
}
