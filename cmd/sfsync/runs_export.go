package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/store"
)

func runsExportCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write out what failed and why, a row for each write",
		Description: "Without --outcome: what failed and what is in doubt, and was neither tried again nor discarded since. In\n" +
			"CSV, a text that a spreadsheet would take for a formula gets an apostrophe in front.",
		Flags: append(runFilterFlags(),
			formatFlag("csv", "jsonl"),
			storeFlag()),
		Action: func(ctx *cli.Context) error { return c.runsExport(ctx) },
	}
}

// exportRow is one write of a run, or a run that came to no write.
type exportRow struct {
	Event      string                     `json:"event"`
	Received   time.Time                  `json:"received"`
	Run        string                     `json:"run"`
	Rule       string                     `json:"rule"`
	Place      string                     `json:"place"` // FILE:LINE of the rule
	Connection string                     `json:"connection"`
	Outcome    store.Outcome              `json:"outcome"`
	Op         string                     `json:"op"`
	Object     string                     `json:"object"`
	MatchField string                     `json:"match_field"`
	MatchValue string                     `json:"match_value"`
	RecordID   string                     `json:"record_id"`
	Cause      string                     `json:"cause"`
	Code       string                     `json:"code"`
	Reason     string                     `json:"reason"`
	Advice     string                     `json:"advice"`
	Attempts   int                        `json:"attempts"`
	Fields     map[string]json.RawMessage `json:"fields"`
}

var exportColumns = []string{"event", "received", "run", "rule", "place", "connection", "outcome", "op", "object", "match_field",
	"match_value", "record_id", "cause", "code", "reason", "advice", "attempts", "fields"}

func (r *exportRow) columns() []string {
	fields := ""
	if len(r.Fields) > 0 {
		text, _ := json.Marshal(r.Fields) // they are JSON already
		fields = string(text)
	}
	texts := []string{r.Event, r.Received.Format(time.RFC3339), r.Run, r.Rule, r.Place, r.Connection, string(r.Outcome), r.Op, r.Object, r.MatchField,
		r.MatchValue, r.RecordID, r.Cause, r.Code, r.Reason, r.Advice, strconv.Itoa(r.Attempts), fields}
	for i, text := range texts {
		if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
			texts[i] = "'" + text
		}
	}
	return texts
}

func (c *console) runsExport(ctx *cli.Context) error {
	filter, err := runFilter(ctx, time.Now())
	if err != nil {
		return err
	}
	outcomes := []store.Outcome{store.Failed, store.InDoubt}
	if filter.Outcome != "" {
		outcomes = []store.Outcome{filter.Outcome}
	}
	log, err := openHistory(ctx)
	if err != nil {
		return err
	}
	put, flush := c.exporter(ctx.String("format"))
	if log != nil {
		defer log.done()
		if err := eachRow(ctx.Context, log, filter, outcomes, put); err != nil {
			return err
		}
	}
	return flush()
}

// exporter writes rows in a format.
func (c *console) exporter(format string) (put func(*exportRow) error, flush func() error) {
	if format == "jsonl" {
		enc := json.NewEncoder(c.out)
		enc.SetEscapeHTML(false)
		return func(r *exportRow) error { return enc.Encode(r) }, func() error { return nil }
	}
	w := csv.NewWriter(c.out)
	w.Write(exportColumns) // Flush tells of an error
	return func(r *exportRow) error { return w.Write(r.columns()) }, func() error { w.Flush(); return w.Error() }
}

// eachRow passes on the rows with the outcomes, the newest event first. A run may
// have writes of several outcomes, so it is the row's that counts.
func eachRow(ctx context.Context, log store.RunLog, filter store.Filter, outcomes []store.Outcome, put func(*exportRow) error) error {
	for run, err := range chosen(ctx, log, filter, outcomes...) {
		if err != nil {
			return err
		}
		rows := 0
		for i := range run.Writes {
			w := &run.Writes[i]
			if !slices.Contains(outcomes, w.Outcome) || filter.Object != "" && !strings.EqualFold(w.Object, filter.Object) {
				continue
			}
			rows++
			if err := put(writeRow(&run, w)); err != nil {
				return err
			}
		}
		if rows == 0 {
			if err := put(writeRow(&run, &store.Write{Outcome: run.Outcome})); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeRow(run *store.Run, w *store.Write) *exportRow {
	row := &exportRow{
		Event: runEvent(run.Event), Received: run.Received, Run: run.ID, Rule: run.Rule, Connection: cmp.Or(w.Connection, run.Connection),
		Outcome: w.Outcome, Op: w.Op, Object: w.Object, MatchField: w.MatchField, MatchValue: w.MatchValue, RecordID: w.RecordID,
		Cause: cmp.Or(w.Cause, run.Cause), Code: w.Code, Reason: cmp.Or(w.Reason, w.Message, run.Reason), Advice: run.Advice,
		Attempts: cmp.Or(w.Attempts, run.Attempts), Fields: map[string]json.RawMessage{},
	}
	if run.RuleFile != "" {
		row.Place = run.RuleFile + ":" + strconv.Itoa(run.RuleLine)
	}
	for _, f := range w.Fields {
		if len(f.Value) > 0 {
			row.Fields[f.Name] = f.Value
		}
	}
	return row
}
