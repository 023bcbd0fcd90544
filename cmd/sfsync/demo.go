package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/examples"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/salesforce/orgsim"
)

func demoCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show everything at once, on this machine alone",
		Description: "Starts a simulated Salesforce org and the daemon (`sfsync serve`) on free ports of\n" +
			"this machine, checks the example rules, lets the org send outbound messages and a\n" +
			"survey suite post answers, and shows what became of each. All of it ends at once.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "store", Usage: "keep the runs in `DIR`, for sfsync runs list --store DIR"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.demo(ctx) },
	}
}

// demo shows what a daemon does, from its first line to its last.
type demo struct {
	*console
	org    *orgsim.Org
	daemon *demoDaemon
	shown  map[string]int // revisions of each record that were shown already
	result demoResult
}

func (c *console) demo(ctx *cli.Context) error {
	org, err := demoOrg("survey/org/overlay.json")
	if err != nil {
		return err
	}
	t, err := startSim(org)
	if err != nil {
		return err
	}
	defer t.close()
	d := &demo{console: c, org: org, shown: map[string]int{}}
	if wantsJSON(ctx) {
		quiet := *c
		quiet.out = io.Discard
		d.console = &quiet
	}
	if err := d.play(ctx.Context, t, ctx.String("store")); err != nil {
		return err
	}
	if wantsJSON(ctx) {
		return c.printJSON(d.result)
	}
	return nil
}

// demoAgent is somebody who works in the org of the examples.
const demoAgent = "agent@simulated.example"

// demoOrg makes the org of the examples.
func demoOrg(overlay string) (*orgsim.Org, error) {
	setUp, err := demoOverlay(overlay)
	if err != nil {
		return nil, err
	}
	users := []orgsim.User{
		{Username: orgsim.DefaultUsername, Password: orgsim.DefaultPassword, Name: "Survey Integration", Profile: "Integration"},
		{Username: demoAgent, Name: "Support Agent", Profile: "Support"},
	}
	org, err := orgsim.New(orgsim.Options{Overlay: setUp, Users: users})
	if err != nil {
		return nil, err
	}
	data, err := examples.Files.ReadFile("survey/org/seed.json")
	if err != nil {
		return nil, err
	}
	return org, seedOrg(org, data)
}

func demoOverlay(name string) (orgsim.Overlay, error) {
	data, err := examples.Files.ReadFile(name)
	if err != nil {
		return orgsim.Overlay{}, err
	}
	return orgsim.ParseOverlay(data)
}

// demoPatience is many times what the demo takes.
const demoPatience = 2 * time.Minute

func (d *demo) play(ctx context.Context, t *target, dir string) (err error) {
	begun := time.Now()
	ctx, done := context.WithTimeoutCause(ctx, demoPatience, outsidef("", "the demo is not done after %s; this machine must be very busy", demoPatience))
	defer done()
	fmt.Fprintf(d.out, "%s A simulated Salesforce org runs at %s, for as long as this takes.\n", d.style.bold("sfsync demo."), t.url)
	d.title("1", "Mistakes are found before any event arrives")
	if err := d.checkMistakes(ctx, t); err != nil {
		return err
	}
	d.title("2", "Events become changes in Salesforce")
	if d.daemon, err = d.serveDemo(ctx, t, dir); err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.daemon.stop()) }()
	rules := d.daemon.book.now().rules
	d.result.Files, d.result.Rules = len(rules.sources), rules.rules()
	fmt.Fprintln(d.out, wrap(fmt.Sprintf("%s of examples/survey hold against the org, and 1,000 events take at most %s. The daemon runs them at %s: an agent closes cases, so Salesforce sends it outbound messages; the survey suite posts statuses and answers.",
		plural(rules.rules(), "rule"), plural(rules.callsPer1000(), "API call"), d.daemon.URL), "", d.width))
	if err := d.useCases(ctx); err != nil {
		return err
	}
	d.title("3", "Nothing fails silently")
	fmt.Fprintln(d.out, wrap("Since the check, an admin made Lead.Rating read-only and Lead.Annual Revenue a formula; leads are locked; the org runs out of API calls. Here is an event for each of the ten ways in which a write can fail.", "", d.width))
	fmt.Fprintln(d.out)
	if err := d.failures(ctx); err != nil {
		return err
	}
	d.title("4", "Nothing is written twice")
	if err := d.again(ctx); err != nil {
		return err
	}
	d.sum(time.Since(begun))
	if dir != "" {
		fmt.Fprintf(d.out, "\nEverything is in the run log: sfsync runs list --store %s\n", dir)
	}
	return nil
}

// exampleRules reads the rules of the examples.
func exampleRules(pattern string) ([]*dsl.Source, error) {
	names, err := fs.Glob(examples.Files, pattern)
	if err != nil {
		return nil, err
	}
	var sources []*dsl.Source
	for _, name := range names {
		text, err := examples.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, dsl.NewSource(path.Join("examples", name), text))
	}
	return sources, nil
}

// shownMistakes are the codes that the demo shows of the broken example.
var shownMistakes = []dsl.Code{"S014", "S204", "S206"}

// checkMistakes checks the broken example against the org, and shows some findings.
func (d *demo) checkMistakes(ctx context.Context, t *target) error {
	sources, err := exampleRules("broken/*" + ruleExtension)
	if err != nil {
		return err
	}
	rules := &ruleSet{sources: sources}
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

// exampleEvents reads the events of an example.
func exampleEvents(name string) ([]string, error) {
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

// useCases lets events happen in the org and in the survey suite, and shows what
// became of each.
func (d *demo) useCases(ctx context.Context) error {
	texts, err := exampleEvents("survey/events/use-cases.jsonl")
	if err != nil {
		return err
	}
	messages, statuses, responses := sortEvents(texts)
	ids, err := d.closeCases(ctx, messages)
	if err != nil {
		return err
	}
	if err := d.post(ctx, d.daemon.Distributions, statuses); err != nil {
		return err
	}
	if err := d.post(ctx, d.daemon.Events, responses); err != nil {
		return err
	}
	for _, text := range texts {
		id := eventID(text)
		if sent, ok := ids[recordOf(text)]; ok {
			id = sent
		}
		if err := d.show(ctx, id, text, d.event); err != nil {
			return err
		}
	}
	return nil
}

// failures changes the org behind the rules' back, breaks it, and shows what the
// daemon says about events that meet that.
func (d *demo) failures(ctx context.Context) error {
	later, err := demoOverlay("survey/org/later.json")
	if err != nil {
		return err
	}
	later.OutboundMessages = d.org.Overlay().OutboundMessages
	if err := d.org.SetOverlay(later); err != nil {
		return err
	}
	d.daemon.lookAgain(ctx)
	data, err := examples.Files.ReadFile("survey/org/faults.json")
	if err != nil {
		return err
	}
	if err := breakOrg(d.org, data); err != nil {
		return err
	}
	for _, name := range []string{"survey/events/failures.jsonl", "survey/events/limit.json"} {
		texts, err := exampleEvents(name)
		if err != nil {
			return err
		}
		if err := d.post(ctx, d.daemon.Events, texts); err != nil {
			return err
		}
		for _, text := range texts {
			if err := d.show(ctx, eventID(text), text, d.failure); err != nil {
				return err
			}
		}
	}
	return nil
}

// post sends events that are new to the daemon.
func (d *demo) post(ctx context.Context, address string, texts []string) error {
	answer, err := d.daemon.post(ctx, address, texts)
	switch {
	case err != nil:
		return err
	case answer.Duplicate > 0:
		return usagef("--store with a new directory", "the store has seen the events of the demo already")
	case answer.Accepted != len(texts):
		return fmt.Errorf("of %d example events, %d were accepted", len(texts), answer.Accepted)
	}
	return nil
}

// show waits for what became of an event, and shows it.
func (d *demo) show(ctx context.Context, id, text string, how func(id, text string, settled settled)) error {
	s, err := d.daemon.wait(ctx, id)
	if err != nil {
		return err
	}
	how(id, text, s)
	return nil
}

// again lets everything come a second time.
func (d *demo) again(ctx context.Context) error {
	texts, err := exampleEvents("survey/events/use-cases.jsonl")
	if err != nil {
		return err
	}
	messages, statuses, responses := sortEvents(texts)
	before := d.calls()
	d.org.RetryOutbound()
	if err := d.org.WaitOutbound(ctx); err != nil {
		return err
	}
	known, err := d.daemon.duplicateMessages(ctx)
	if err != nil {
		return err
	}
	for address, texts := range map[string][]string{d.daemon.Distributions: statuses, d.daemon.Events: responses} {
		answer, err := d.daemon.post(ctx, address, texts)
		if err != nil {
			return err
		}
		known += answer.Duplicate
	}
	d.result.Known = known
	fmt.Fprintf(d.out, "Salesforce sends its %s again, and the survey suite its %s: %s known already, %s.\n", plural(len(messages), "notification"),
		plural(len(statuses)+len(responses), "event"), thousands(known), plural(d.calls()-before, "API call"))
	return nil
}

// calls is how many API calls writes have taken, as the org counts them.
func (d *demo) calls() (n int) {
	for _, call := range d.org.Calls() {
		if call.User == orgsim.DefaultUsername && call.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func (d *demo) title(number, text string) {
	fmt.Fprintf(d.out, "\n%s\n\n", d.style.bold(d.style.cyan(number+"  "+text)))
}

// sum is the last word.
func (d *demo) sum(took time.Duration) {
	stats := d.org.Stats()
	d.result.APICalls, d.result.OrgCalls, d.result.Seconds = d.calls(), stats.Calls, took.Seconds()
	fmt.Fprintf(d.out, "\n%s: %s. %s, %s, %.1f s.\n", plural(len(d.result.Events), "event"), strings.Join(d.result.outcomes(), ", "),
		plural(d.result.Writes, "write"), plural(d.result.APICalls, "API call"), took.Seconds())
	fmt.Fprintf(d.out, "\nNext: read examples/survey, then try it yourself:\n  sfsync check examples/survey\n  sfsync explain validation_rule\n  sfsync org start\n")
}
