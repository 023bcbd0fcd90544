package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/examples"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store/bolt"
)

func demoCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:        "demo",
		Usage:       "show everything at once, on this machine alone",
		Description: "Starts a simulated Salesforce org, checks the example rules against it, runs the\nexample events through them as `sfsync run` does, and shows what became of each.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "store", Usage: "keep the runs in `DIR`, for sfsync runs list --store DIR"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.demo(ctx) },
	}
}

// demo is a job whose every event is shown.
type demo struct {
	*console
	org     *orgsim.Org
	job     *job
	schemas map[string]*schema.Schema // as they were fetched last
	reports map[string]runtime.Report // by event id without its source
	waited  map[string]string         // causes for which events had to wait
	shown   map[string]int            // revisions of each record that were shown already
	causes  []demoCause
	result  demoResult
}

// demoWait is how long the demo waits for what is to be repeated: long enough for a
// lock to heal, and short enough to be looked at.
const demoWait = 4 * time.Second

func (c *console) demo(ctx *cli.Context) error {
	if name := ctx.Args().First(); name != "" {
		return usagef("sfsync demo", "`demo` takes no `%s`", name)
	}
	s, done, err := demoStore(ctx)
	if err != nil {
		return err
	}
	defer done()
	org, err := demoOrg("survey/org/overlay.json")
	if err != nil {
		return err
	}
	t, err := startSim(org)
	if err != nil {
		return err
	}
	defer t.close()
	d := &demo{console: c, org: org, reports: map[string]runtime.Report{}, waited: map[string]string{}, shown: map[string]int{}}
	if wantsJSON(ctx) {
		quiet := *c
		quiet.out = discard{}
		d.console = &quiet
	}
	if err := d.play(ctx.Context, t, s); err != nil {
		return err
	}
	if wantsJSON(ctx) {
		return c.printJSON(d.result)
	}
	if dir := ctx.String("store"); dir != "" {
		fmt.Fprintf(c.out, "\nEverything is in the run log: sfsync runs list --store %s\n", dir)
	}
	return nil
}

// discard is where text goes while JSON is wanted.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func demoStore(ctx *cli.Context) (*bolt.Store, func(), error) {
	if ctx.String("store") == "" {
		return temporaryStore()
	}
	s, err := openStore(ctx)
	return s, func() { s.Close() }, err
}

// demoOrg makes the org of the examples.
func demoOrg(overlay string) (*orgsim.Org, error) {
	data, err := examples.Files.ReadFile(overlay)
	if err != nil {
		return nil, err
	}
	setUp, err := orgsim.ParseOverlay(data)
	if err != nil {
		return nil, err
	}
	org, err := orgsim.New(orgsim.Options{Overlay: setUp})
	if err != nil {
		return nil, err
	}
	if data, err = examples.Files.ReadFile("survey/org/seed.json"); err != nil {
		return nil, err
	}
	return org, seedOrg(org, data)
}

// play is the demo from its first line to its last.
func (d *demo) play(ctx context.Context, t *target, s *bolt.Store) error {
	begun := time.Now()
	fmt.Fprintf(d.out, "%s A simulated Salesforce org runs at %s, for as long as this takes.\n", d.style.bold("sfsync demo."), t.url)
	d.title("1", "Mistakes are found before any event arrives")
	if err := d.checkMistakes(ctx, t); err != nil {
		return err
	}
	d.title("2", "Events become changes in Salesforce")
	rules, err := exampleRules("survey/*" + ruleExtension)
	if err != nil {
		return err
	}
	config := runtime.Config{MaxWait: demoWait, Observe: d.observe,
		Schema: func(connection string) *schema.Schema { return d.schemas[connection] }}
	if d.job, err = d.open(ctx, rules, []*target{t}, s, config); err != nil {
		return err
	}
	d.schemas = rules.schemas
	d.result.Files, d.result.Rules = len(rules.sources), rules.rules()
	fmt.Fprintf(d.out, "%s of examples/survey hold against the org. 1,000 events take at most %s.\n",
		plural(rules.rules(), "rule"), plural(rules.callsPer1000(), "API call"))
	if err := d.events(ctx, "survey/events/use-cases.jsonl"); err != nil {
		return err
	}
	d.title("3", "Nothing fails silently")
	fmt.Fprintln(d.out, wrap("Since the check, an admin made Lead.Rating read-only and Lead.Annual Revenue a formula; leads are locked; the org runs out of API calls. Here is an event for each of the ten ways in which a write can fail.", "", d.width))
	if err := d.breakOrg(ctx, t); err != nil {
		return err
	}
	if err := d.events(ctx, "survey/events/failures.jsonl"); err != nil {
		return err
	}
	if err := d.events(ctx, "survey/events/limit.json"); err != nil {
		return err
	}
	d.causeTable()
	d.title("4", "Nothing is written twice")
	if err := d.again(ctx, "survey/events/use-cases.jsonl"); err != nil {
		return err
	}
	d.sum(time.Since(begun))
	return nil
}

func exampleRules(pattern string) (*ruleSet, error) {
	names, err := fs.Glob(examples.Files, pattern)
	if err != nil {
		return nil, err
	}
	rules := &ruleSet{}
	for _, name := range names {
		text, err := examples.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		rules.sources = append(rules.sources, dsl.NewSource(path.Join("examples", name), text))
	}
	return rules, nil
}

// shownMistakes are the codes that the demo shows of the broken example.
var shownMistakes = []dsl.Code{"S014", "S204", "S206"}

// checkMistakes checks the broken example against the org, and shows some findings.
func (d *demo) checkMistakes(ctx context.Context, t *target) error {
	rules, err := exampleRules("broken/*" + ruleExtension)
	if err != nil {
		return err
	}
	rules.parse()
	if rules.schema, err = describe(ctx, t, rules.files); err != nil {
		return err
	}
	rules.compile()
	var shown []dsl.Diagnostic
	wanted := slices.Clone(shownMistakes)
	for _, found := range rules.diagnostics {
		if i := slices.Index(wanted, found.Code); i >= 0 {
			shown = append(shown, found)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	d.result.Findings = len(rules.diagnostics)
	if err := dsl.Render(d.out, shown, dsl.TextOptions{Color: d.style.color, Width: d.width}); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%d more are found in examples/broken: sfsync check examples/broken --schema examples/survey/schema\n", len(rules.diagnostics)-len(shown))
	return nil
}

// breakOrg changes the org behind the rules' back, and breaks it.
func (d *demo) breakOrg(ctx context.Context, t *target) error {
	data, err := examples.Files.ReadFile("survey/org/later.json")
	if err != nil {
		return err
	}
	later, err := orgsim.ParseOverlay(data)
	if err != nil {
		return err
	}
	if err := d.org.SetOverlay(later); err != nil {
		return err
	}
	// Rules stay as they were compiled; a fresh schema only tells causes apart.
	fresh, err := describe(ctx, t, d.job.rules.files)
	if err != nil {
		return err
	}
	schemas := map[string]*schema.Schema{}
	for name := range d.schemas {
		schemas[name] = fresh
	}
	d.schemas = schemas
	if data, err = examples.Files.ReadFile("survey/org/faults.json"); err != nil {
		return err
	}
	return breakOrg(d.org, data)
}

func (d *demo) observe(r runtime.Report) {
	for i := range r.Runs {
		r.Runs[i].Event = r.Event // which the store fills in for itself alone
	}
	id := runEvent(r.Event)
	d.reports[id] = r
	for _, run := range r.Runs {
		if !r.Done && run.Cause != "" {
			d.waited[id] = run.Cause
		}
	}
}

// texts reads the events of an example.
func (d *demo) texts(name string) ([]string, error) {
	f, err := examples.Files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var texts []string
	for event, err := range intake.Read(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		texts = append(texts, event.Text)
	}
	return texts, nil
}

// events runs the events of an example and shows what became of each.
func (d *demo) events(ctx context.Context, name string) error {
	texts, err := d.texts(name)
	if err != nil {
		return err
	}
	answers, err := d.job.engine.Submit(ctx, runtime.SourceEvents, texts)
	if err != nil {
		return err
	}
	if err := d.job.engine.Drain(ctx); err != nil {
		return err
	}
	for i, a := range answers {
		if a.Status == runtime.Duplicate {
			return usagef("--store with a new directory", "the store has seen the events of the demo already")
		}
		if a.Status != runtime.Accepted {
			return fmt.Errorf("example event %s was not accepted: %s %s", a.ID, a.Status, a.Reason)
		}
		report, ok := d.reports[a.ID]
		if !ok {
			return errors.New("example event " + a.ID + " has no outcome")
		}
		d.event(a.ID, texts[i], report)
	}
	return nil
}

// again submits events that are known already.
func (d *demo) again(ctx context.Context, name string) error {
	texts, err := d.texts(name)
	if err != nil {
		return err
	}
	before := d.job.apiCalls()
	answers, err := d.job.engine.Submit(ctx, runtime.SourceEvents, texts)
	if err != nil {
		return err
	}
	known := 0
	for _, a := range answers {
		if a.Status == runtime.Duplicate {
			known++
		}
	}
	if err := d.job.engine.Drain(ctx); err != nil {
		return err
	}
	d.result.Known = known
	fmt.Fprintf(d.out, "The same %s again: %s known already, %s.\n", plural(len(texts), "event"), thousands(known), plural(int(d.job.apiCalls()-before), "API call"))
	return nil
}

func (d *demo) title(number, text string) {
	fmt.Fprintf(d.out, "\n%s\n\n", d.style.bold(d.style.cyan(number+"  "+text)))
}

// sum is the last word.
func (d *demo) sum(took time.Duration) {
	stats := d.org.Stats()
	d.result.APICalls, d.result.OrgCalls, d.result.Seconds = d.job.apiCalls(), stats.Calls, took.Seconds()
	fmt.Fprintf(d.out, "\n%s: %s. %s, %s, %.1f s.\n", plural(len(d.result.Events), "event"), strings.Join(d.result.outcomes(), ", "),
		plural(d.result.Writes, "write"), plural(int(d.result.APICalls), "API call"), took.Seconds())
	fmt.Fprintf(d.out, "\nNext: read examples/survey, then try it yourself:\n  sfsync check examples/survey\n  sfsync explain validation_rule\n  sfsync org start\n")
}
