package rulediff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

func side(t *testing.T, text string) rulediff.Side {
	t.Helper()
	file, found := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
	p, more := plan.Compile([]*dsl.File{file}, plan.Options{})
	if p == nil {
		t.Fatalf("%s\n%v", text, append(found, more...))
	}
	return rulediff.Side{Plan: p, Findings: more}
}

// lines writes a diff in short lines.
func lines(d *rulediff.Diff) string {
	var b strings.Builder
	for _, s := range d.StatusesAdded {
		fmt.Fprintf(&b, "statuses + %s\n", s)
	}
	for _, s := range d.StatusesRemoved {
		fmt.Fprintf(&b, "statuses - %s\n", s)
	}
	text := func(what string, t *rulediff.Text) {
		if t != nil {
			fmt.Fprintf(&b, "  %s: %s -> %s\n", what, t.Old, t.New)
		}
	}
	for _, r := range d.Rules {
		fmt.Fprintf(&b, "%s %s", r.Change, r.Name)
		if r.Was != "" {
			fmt.Fprintf(&b, " (was %s)", r.Was)
		}
		b.WriteString("\n")
		text("on", r.Trigger)
		text("if", r.Guard)
		text("connection", r.Connection)
		if r.After != "" {
			fmt.Fprintf(&b, "  after %s\n", r.After)
		}
		for _, h := range r.Statuses {
			fmt.Fprintf(&b, "  %s: %s -> %s\n", strings.Join(h.Statuses, ", "), h.Old, h.New)
		}
		for _, a := range r.Actions {
			fmt.Fprintf(&b, "  %s %s [%s]\n", a.Change, a.Head, strings.Join(a.When, ", "))
			if a.Was != "" {
				fmt.Fprintf(&b, "    was %s\n", a.Was)
			}
			if a.After != "" {
				fmt.Fprintf(&b, "    after %s\n", a.After)
			}
			for _, f := range a.Fields {
				fmt.Fprintf(&b, "    %s %s: %s -> %s", f.Change, f.Name, f.Old, f.New)
				if f.Elsewhere {
					b.WriteString(" (also elsewhere)")
				}
				b.WriteString("\n")
			}
		}
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "%s %s %s\n", f.Change, f.Code, f.Rule)
	}
	return b.String()
}

const base = `rule Answers
on survey response nps if answers.nps != null
when Responded
  update Contact where Id = profile.id
    set Score__c = answers.nps
        Status__c: Done
otherwise
  update Contact where Id = profile.id
    set Status__c = distribution.status
`

func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"layout, comments and the order of fields, arms and rules do not count",
			base + "rule Other\non survey response\ncreate Case set Subject: x\n",
			"# a comment\nrule  other\non survey response\ncreate Case set Subject = 'x'\n" +
				"rule Answers\non survey response nps if (answers.nps) != nil\n" +
				"when RESPONDED\nupdate Contact where Id=profile.id set Status__c = \"Done\", Score__c = (answers.nps)\n" +
				"otherwise\nupdate Contact where Id = profile.id set Status__c = distribution.status\n", ""},
		{"nor does the name of a let",
			"rule R\non survey response\nlet score = number(answers.nps)\ncreate Case if score < 3 set A__c = score\n",
			"rule R\non survey response\ncreate Case if number(answers.nps) < 3 set A__c = number(answers.nps)\n", ""},
		{"nor how statuses are spread over arms",
			"rule R\non survey response\nwhen Responded, Expired\ncreate Case set A__c = 1\notherwise\ncreate Case set A__c = 2\n",
			"rule R\non survey response\nwhen Expired\ncreate Case set A__c = 1\nwhen Responded\ncreate Case set A__c = 1\notherwise\ncreate Case set A__c = 2\n", ""},
		{"a let that means something else",
			"rule R\non survey response\nlet score = answers.nps\ncreate Case set A__c = score\n",
			"rule R\non survey response\nlet score = answers.csat\ncreate Case set A__c = score\n",
			"changed R\n  changed create Case [every event]\n    changed A__c: answers.nps -> answers.csat\n"},
		{"a field is written for one status more",
			base, strings.Replace(base, "otherwise\n", "when Partially Responded\nupdate Contact where Id = profile.id set Score__c = answers.nps, Status__c: Done\notherwise\n", 1),
			"changed Answers\n  Partially Responded: otherwise -> arm\n  changed update Contact where Id = profile.id [Partially Responded]\n" +
				"    added Score__c:  -> answers.nps (also elsewhere)\n    changed Status__c: distribution.status -> \"Done\"\n"},
		{"otherwise is gone",
			base, base[:strings.Index(base, "otherwise")],
			"changed Answers\n  Sent, Delivered, Quarantined, Failed, Not Sent due to Opt-Out, Partially Responded, Expired: otherwise -> nobody\n" +
				"  removed update Contact where Id = profile.id [otherwise]\n    removed Status__c: distribution.status ->  (also elsewhere)\nadded S302 Answers\n"},
		{"trigger and guard", base,
			strings.Replace(base, "on survey response nps if answers.nps != null", "on survey response csat", 1),
			"changed Answers\n  on: survey response nps -> survey response csat\n  if: answers.nps != null -> \n"},
		{"another record", base,
			strings.Replace(base, "where Id = profile.id", "where Id = profile.contact", 1),
			"changed Answers\n  changed update Contact where Id = profile.contact [Responded]\n    was update Contact where Id = profile.id\n"},
		{"update becomes upsert, with a guard", "rule R\non survey response\nupdate Contact where Key__c = profile.key set A__c = answers.a\n",
			"rule R\non survey response\nupsert Contact where Key__c = profile.key if answers.a > 3 set A__c = answers.a\n",
			"changed R\n  changed upsert Contact where Key__c = profile.key if answers.a > 3 [every event]\n    was update Contact where Key__c = profile.key\n"},
		{"rules change places, and the last write wins", "rule One\non survey response\nupdate Contact where Id = profile.id set A__c = 1\n" + "rule Two\non survey response nps\nwhen Responded\nupdate Contact where Id = profile.id set A__c = 2\n", "rule Two\non survey response nps\nwhen Responded\nupdate Contact where Id = profile.id set A__c = 2\n" + "rule One\non survey response\nupdate Contact where Id = profile.id set A__c = 1\n", "changed One\n  after Two\n"},
		{"rules change places that never meet", "rule One\non survey response csat\nupdate Contact where Id = profile.id set A__c = 1\n" + "rule Two\non survey response nps\nwhen Responded\nupdate Contact where Id = profile.id set A__c = 2\n", "rule Two\non survey response nps\nwhen Responded\nupdate Contact where Id = profile.id set A__c = 2\n" + "rule One\non survey response csat\nupdate Contact where Id = profile.id set A__c = 1\n", ""},
		{"renamed", base, strings.Replace(base, "rule Answers", "rule Replies", 1), "renamed Replies (was Answers)\n"},
		{"renamed and changed", base,
			strings.Replace(strings.Replace(base, "rule Answers", "rule Replies", 1), "Done", "Finished", 1),
			"changed Replies (was Answers)\n  changed update Contact where Id = profile.id [Responded]\n    changed Status__c: \"Done\" -> \"Finished\"\n"},
		{"added and removed", "rule Old\non survey response a\ncreate Case set A__c = 1\n", "rule New\non outbound message Case\ncreate Task set B__c = 2\n",
			"added New\n  added create Task [every event]\n    added B__c:  -> 2\nremoved Old\n  removed create Case [every event]\n    removed A__c: 1 -> \n"},
		{"a loop appears", "rule R\non outbound message Case if record.A__c == null\nupdate Case where Id = record.Id set A__c: x\n",
			"rule R\non outbound message Case\nupdate Case where Id = record.Id set A__c: x\n",
			"changed R\n  if: record.A__c == null -> \nadded S301 R\n"},
		{"a loop stays under another name", "rule R\non outbound message Case\nupdate Case where Id = record.Id set A__c: x\n",
			"rule S\non outbound message Case\nupdate Case where Id = record.Id set A__c: x\n", "renamed S (was R)\n"},
		{"the order of actions, where it matters",
			"rule R\non survey response\nupdate Contact where Id = profile.a set A__c = 1\nupdate Contact where Id = profile.b set A__c = 2\ncreate Case set A__c = 1\n",
			"rule R\non survey response\ncreate Case set A__c = 1\nupdate Contact where Id = profile.b set A__c = 2\nupdate Contact where Id = profile.a set A__c = 1\n",
			"changed R\n  changed update Contact where Id = profile.a [every event]\n    after update Contact where Id = profile.b\n"},
		{"connections", "connection a\n" + base, "connection b\n" + base, "changed Answers\n  connection: a -> b\n"},
		{"one action goes elsewhere", "rule R\non survey response\ncreate Case set A__c = 1\n", "rule R\non survey response\ncreate Case using b set A__c = 1\n",
			"changed R\n  changed create Case using b [every event]\n    was create Case\n"},
		{"statuses", "statuses Bounced\n" + base, "statuses Opened\n" + base, "statuses + Opened\nstatuses - Bounced\n"},
		{"a status in small letters", base, "statuses bounced\n" + base, "statuses + bounced\n"},
		{"actions above the arms", "rule R\non survey response\nwhen Responded\ncreate Case set A__c = 1\notherwise\ncreate Case set A__c = 1\n",
			"rule R\non survey response\ncreate Case set A__c = 1\n",
			"changed R\n  Sent, Delivered, Quarantined, Failed, Not Sent due to Opt-Out, Partially Responded, Expired: otherwise -> nobody\n  Responded: arm -> nobody\n" +
				"  added create Case [every event]\n    added A__c:  -> 1 (also elsewhere)\n  removed create Case [Responded, otherwise]\n    removed A__c: 1 ->  (also elsewhere)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := rulediff.Compare(side(t, c.old), side(t, c.new))
			if diff := cmp.Diff(c.want, lines(d)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if d.Empty() != (c.want == "") {
				t.Errorf("Empty is %v", d.Empty())
			}
		})
	}
}

func TestCompareCountsCalls(t *testing.T) {
	d := rulediff.Compare(side(t, "rule R\non survey response\nupsert Contact where Key__c = profile.key set A__c = 1\n"),
		side(t, "rule R\non survey response\nupdate Contact where Key__c = profile.key set A__c = 1\n"))
	if want := (rulediff.Count{Old: 5, New: 1000}); d.Calls != want || len(d.Rules) != 1 || d.Rules[0].Calls == nil || *d.Rules[0].Calls != want {
		t.Errorf("got %+v, %+v", d.Calls, d.Rules)
	}
}

// Whatever changes one way changes back the other way.
func TestCompareIsSymmetric(t *testing.T) {
	other := strings.NewReplacer("Done", "Finished", "when Responded", "when Responded, Expired", " if answers.nps != null", "").Replace(base)
	there, back := rulediff.Compare(side(t, base), side(t, other)), rulediff.Compare(side(t, other), side(t, base))
	if len(there.Rules) != 1 || len(back.Rules) != 1 || len(there.Rules[0].Actions) != len(back.Rules[0].Actions) {
		t.Fatalf("there\n%s\nback\n%s", lines(there), lines(back))
	}
	for i, a := range there.Rules[0].Actions {
		for j, f := range a.Fields {
			g := back.Rules[0].Actions[i].Fields[j]
			if f.Old != g.New || f.New != g.Old {
				t.Errorf("%+v is not the opposite of %+v", f, g)
			}
		}
	}
}
