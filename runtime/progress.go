package runtime

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// progress is what an event that is put off leaves in the store: every write with
// its outcome or, if it is still to be done, with what to send. So the event goes
// on with the very writes it began with, whatever has become of rules and messages.
type progress struct {
	Version int           `json:"v"`
	Place   int64         `json:"place,omitempty"` // of a status that came before its message
	Runs    []runProgress `json:"runs"`
}

type runProgress struct {
	Run      store.Run       `json:"run"` // without writes
	Help     string          `json:"help,omitempty"`
	Admitted bool            `json:"admitted,omitempty"`
	Writes   []writeProgress `json:"writes,omitempty"`
}

type writeProgress struct {
	Write  store.Write     `json:"write"`
	Help   string          `json:"help,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"` // of a write to be done
	Since  time.Time       `json:"since,omitzero"`
	Until  time.Time       `json:"until,omitzero"`
	On     []string        `json:"on,omitempty"`
	Burnt  int             `json:"burnt,omitempty"`
	Batch  int             `json:"batch,omitempty"`
	News   int64           `json:"news,omitempty"`
	Makers []int           `json:"makers,omitempty"` // writes it waits for
}

const progressVersion = 1

func (ev *event) encode() ([]byte, error) {
	p := progress{Version: progressVersion, Runs: make([]runProgress, len(ev.runs))}
	if ev.place.early != 0 {
		p.Place = ev.place.at
	}
	makers := map[*write][]int{}
	for w := range ev.writes {
		if w.state == finished {
			continue
		}
		for _, child := range w.dependents {
			makers[child] = append(makers[child], w.index)
		}
	}
	for i, r := range ev.runs {
		to := &p.Runs[i]
		to.Run, to.Help, to.Admitted = r.entry, r.help, r.admitted
		to.Writes = make([]writeProgress, len(r.writes))
		for j, w := range r.writes {
			to.Writes[j] = writeProgress{Write: w.entry, Help: w.help}
			if w.state != finished {
				to.Writes[j].Body, to.Writes[j].Since, to.Writes[j].Until = w.row.Body, w.since, w.until
				to.Writes[j].On = w.on
				to.Writes[j].Burnt, to.Writes[j].Batch, to.Writes[j].News, to.Writes[j].Makers = w.burnt, w.batch, w.applied, makers[w]
			}
		}
	}
	return json.Marshal(p)
}

// resume takes an event up where it was put off.
func (l *loop) resume(ev *event) error {
	var p progress
	if err := json.Unmarshal(ev.item.Progress, &p); err != nil {
		return fmt.Errorf("cannot read how far event %s has come: %w", ev.item.ID, err)
	}
	if p.Version != progressVersion {
		return fmt.Errorf("cannot read how far event %s has come: it is of version %d", ev.item.ID, p.Version)
	}
	ev.head, _ = plan.ReadEvent(string(ev.item.Body)) // it was read before, so it is one
	ev.news = parseTime(ev.head.News)
	if ev.head.Type == plan.TypeOutbound && ev.item.Attempt == 0 { // else it is kept already
		ev.keys = messageKeys(&ev.head)
	}
	if p.Place != 0 {
		ev.place.behind(p.Place)
	}
	now := time.Now()
	var all []*write
	for i := range p.Runs {
		from := &p.Runs[i]
		r := &run{event: ev, entry: from.Run, help: from.Help, admitted: from.Admitted}
		ev.runs = append(ev.runs, r)
		for j := range from.Writes {
			wp := &from.Writes[j]
			w := &write{run: r, index: len(all), op: salesforce.Op(wp.Write.Op), entry: wp.Write, help: wp.Help}
			r.writes, all = append(r.writes, w), append(all, w)
			if wp.Body == nil {
				w.state = finished
				continue
			}
			w.since, w.until, w.on, w.burnt, w.batch = wp.Since, wp.Until, wp.On, wp.Burnt, wp.Batch
			w.address(wp.Body, l.describe(w.entry.Connection, w.entry.Object))
			if wp.News != 0 && w.record != "" {
				w.applied, w.newsMark = wp.News, newsKey(r.entry.Rule, w.record)
			}
			// What a write waits on, or behind, may be over before its time: that shows
			// when its turn comes.
			if w.until.After(now.Add(slack)) && len(w.on) == 0 && w.entry.Why != store.WhyEarlierWrite {
				w.state = putOff
			}
			for _, maker := range wp.Makers {
				if maker < len(all) && all[maker].state != finished {
					all[maker].dependents = append(all[maker].dependents, w)
					w.needs++
				}
			}
		}
	}
	// A write goes on no sooner than those it needs.
	for _, w := range all {
		for _, child := range w.dependents {
			if w.state == putOff && child.state == pending {
				child.state, child.until, child.on = putOff, w.until, w.on
			}
		}
	}
	ev.count = len(all)
	return nil
}
