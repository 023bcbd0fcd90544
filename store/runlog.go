package store

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Outcome is what became of an event under one rule, or of one write.
type Outcome string

// The outcomes. Only Waiting is not final.
const (
	Synced  Outcome = "synced"
	Skipped Outcome = "skipped"
	Failed  Outcome = "failed"
	InDoubt Outcome = "in_doubt"
	Waiting Outcome = "waiting"
)

// Outcomes lists them all.
var Outcomes = []Outcome{Synced, Skipped, Failed, InDoubt, Waiting}

// Why names the reason for which sfsync itself skips a write or puts it off.
type Why string

// The reasons of sfsync itself.
const (
	WhyLoopBreaker  Why = "loop_breaker"  // the rule runs too often for one record
	WhyOwnEcho      Why = "own_echo"      // the message tells of our own write
	WhyStale        Why = "stale"         // the rule has applied newer news to the record
	WhyDiscarded    Why = "discarded"     // somebody has given the event up
	WhyEarlierWrite Why = "earlier_write" // an earlier write to the record, or one it needs, waits
	WhyConnection   Why = "connection"    // the connection makes no calls just now; Cause says why
)

// Run is what one rule did about one event. There is exactly one for each
// event and rule: a retry replaces it.
type Run struct {
	ID       string    `json:"id"`                  // sorts by Received; filled in by the store
	Event    string    `json:"event"`               // the event's id; filled in by the store
	Type     string    `json:"type"`                // the event's type; filled in by the store
	Received time.Time `json:"received"`            // when the event was accepted; filled in by the store
	Time     time.Time `json:"event_time,omitzero"` // the event's own time

	Connection string  `json:"connection,omitempty"`
	Rule       string  `json:"rule,omitempty"`
	RuleFile   string  `json:"rule_file,omitempty"`
	RuleLine   int     `json:"rule_line,omitempty"` // 1-based
	Arm        string  `json:"arm,omitempty"`       // the status that chose it, "otherwise", or "" for the actions before all arms
	Trigger    string  `json:"trigger,omitempty"`
	Outcome    Outcome `json:"outcome"`

	Reason    string    `json:"reason,omitempty"` // in one clause, for people
	Why       Why       `json:"why,omitempty"`    // the same for programs, where sfsync itself decided
	Cause     string    `json:"cause,omitempty"`  // name of the failure's cause
	Advice    string    `json:"advice,omitempty"` // what to do about it
	NotBefore time.Time `json:"not_before,omitzero"`
	// Again is the id of the event as which this was tried again since, where the outcome
	// is Failed or InDoubt. No store keeps it: runtime.RunLog fills it in.
	Again string `json:"again,omitempty"`

	Writes   []Write   `json:"writes,omitempty"`
	Attempts int       `json:"attempts,omitempty"`
	APICalls int       `json:"api_calls,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
}

// Write is one write of a run to one Salesforce record.
type Write struct {
	Op         string  `json:"op"` // create, update, upsert
	Object     string  `json:"object"`
	Connection string  `json:"connection,omitempty"`
	MatchField string  `json:"match_field,omitempty"`
	MatchValue string  `json:"match_value,omitempty"`
	RecordID   string  `json:"record_id,omitempty"`
	Created    bool    `json:"created,omitempty"` // an upsert or create that made the record
	Outcome    Outcome `json:"outcome"`
	Reason     string  `json:"reason,omitempty"`
	Why        Why     `json:"why,omitempty"`
	Cause      string  `json:"cause,omitempty"`
	Code       string  `json:"code,omitempty"`    // Salesforce's error code
	Message    string  `json:"message,omitempty"` // Salesforce's own words
	Fields     []Field `json:"fields,omitempty"`
	Attempts   int     `json:"attempts,omitempty"`
	// State is what the record was like right after Salesforce refused the write, as far
	// as the refusal may depend on that; empty if it does not, or could not be read.
	State []FieldState `json:"state,omitempty"`
	// ReadBack says what reading the record after the write showed: Same, Differs,
	// or why it could not be read; "" if it was not tried.
	ReadBack string `json:"read_back,omitempty"`
}

// What reading a record back shows.
const (
	Same    = "same"
	Differs = "differs"
)

// Field is one field of a write and where its value came from.
type Field struct {
	Name   string          `json:"name"`
	Value  json.RawMessage `json:"value,omitempty"` // as sent; absent when the field was skipped
	File   string          `json:"file,omitempty"`
	Line   int             `json:"line,omitempty"`
	Source string          `json:"source,omitempty"` // the rule's expression or text
	Note   string          `json:"note,omitempty"`   // why it was skipped or changed
	Found  json.RawMessage `json:"found,omitempty"`  // read back, where it is not what was sent
}

// FieldState is the value of a field of a record, as a person reads it; "" for none.
type FieldState struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// RunLog is the history of runs.
type RunLog interface {
	// List yields the runs that pass the filter, the newest event first, in
	// constant memory. It holds no lock while the caller works on a run.
	List(ctx context.Context, filter Filter) iter.Seq2[Run, error]

	// Get returns what ref names: the run of that id, the only run whose id
	// begins with it, or all runs of the event of that id. It fails with
	// ErrNotFound or ErrAmbiguous.
	Get(ctx context.Context, ref string) ([]Run, error)
}

// Filter selects runs; a zero field selects all.
type Filter struct {
	Since    time.Time // received at or after
	Until    time.Time // received before
	Rule     string
	Object   string // of any of its writes
	RecordID string // of any of its writes; 15 or 18 characters
	Event    string // event id
	Outcome  Outcome
	Cause    string // of the run or of any of its writes
	Limit    int    // at most so many
	After    string // continue behind the run of this id
}
