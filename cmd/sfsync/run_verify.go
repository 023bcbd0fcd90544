package main

import (
	"fmt"

	"github.com/sfsync/sfsync/store"
)

// verification counts what reading records back has shown.
type verification struct {
	Same   int         `json:"same"`
	Differ int         `json:"differ"`
	Unread int         `json:"unread"`
	Runs   []store.Run `json:"-"` // the first few that differ or were not read
}

func (v *verification) add(run store.Run) {
	odd := false
	for _, w := range run.Writes {
		switch w.ReadBack {
		case "":
		case store.Same:
			v.Same++
		case store.Differs:
			v.Differ++
			odd = true
		default:
			v.Unread++
			odd = true
		}
	}
	if odd && len(v.Runs) < maxExamples {
		v.Runs = append(v.Runs, run)
	}
}

func (v *verification) total() int { return v.Same + v.Differ + v.Unread }

func (v *verification) counts() string {
	s := plural(v.total(), "write") + " read back, " + thousands(v.Same) + " as sent"
	if v.Differ > 0 {
		s += ", " + thousands(v.Differ) + " otherwise"
	}
	if v.Unread > 0 {
		s += ", " + thousands(v.Unread) + " could not be read"
	}
	return s
}

// printVerification shows the first records that are not as they were sent.
func (c *console) printVerification(v *verification) {
	for i := range v.Runs {
		run := &v.Runs[i]
		fmt.Fprintf(c.out, "%s  %s\n", c.style.yellow("not as sent"), c.style.bold(oneLine(runEvent(run.Event))))
		for j := range run.Writes {
			if w := &run.Writes[j]; w.ReadBack != "" && w.ReadBack != store.Same {
				fmt.Fprintf(c.out, "  %s %s\n", w.Object, oneLine(recordName(w)))
				c.printReadBack(w)
			}
		}
	}
	if len(v.Runs) > 0 {
		fmt.Fprintln(c.out)
	}
}

// printReadBack shows what reading a record back has shown.
func (c *console) printReadBack(w *store.Write) {
	switch w.ReadBack {
	case "":
	case store.Same:
		c.why("    ", "as sent", "read back: ")
	case store.Differs:
		for _, f := range w.Fields {
			if len(f.Found) > 0 {
				c.why("    ", fmt.Sprintf("%s was sent as %s and is %s", f.Name, shorten(string(f.Value), 200), shorten(string(f.Found), 200)), "read back: ")
			}
		}
	default:
		c.why("    ", w.ReadBack, "not read back: ")
	}
}
