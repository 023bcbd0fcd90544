package dsl

import (
	"strconv"
	"strings"
)

// Span is a half-open range of byte offsets in a source text.
type Span struct{ From, To int }

// Name is a word or a stretch of plain text of the author's, with its place.
// The zero Name stands for one that the author left out.
type Name struct {
	Span
	Text string
}

// Missing reports whether the author left the name out.
func (n Name) Missing() bool { return n.Text == "" }

// File is the tree of one rule file. A tree is complete even when the text has
// errors: a statement that could not be read is left out, and the head of an
// action that could not be read stays as a placeholder (Action.Broken), so that
// what stands below it is still read and checked.
type File struct {
	Source     *Source
	Connection Name         // the connection that writes go to unless an action names another
	Statuses   []Name       // distribution statuses that the team adds to the built-in ones
	Rules      []*Rule      // in the order of the text
	Tests      []*Test      // in the order of the text
	Tokens     []Token      // every token of the text, comments and blanks included
	Faults     []Diagnostic // what Parse found; whoever checks further keeps quiet about these places
}

// Rule is a named reaction to one kind of event.
type Rule struct {
	Span  // the line of the head
	Name  Name
	On    *Trigger // nil when the rule has none; a diagnostic has said so
	Block          // what runs before any arm, whatever the status
	Arms  []*Arm
}

// TriggerKind says what kind of event a rule reacts to.
type TriggerKind int

// The kinds of trigger.
const (
	OutboundMessage TriggerKind = iota // something happened to a Salesforce record
	SurveyResponse                     // someone answered a survey, or did not
)

// Trigger is the `on` line of a rule.
type Trigger struct {
	Span
	Kind    TriggerKind
	Subject Name  // the object of an outbound message; the survey id of a response, missing for any survey
	If      *Expr // nil without a guard
}

// Arm is the part of a rule that runs for some statuses of the survey's distribution.
type Arm struct {
	Span             // the line of the head
	Statuses  []Name // as the author wrote them; empty for `otherwise`
	Otherwise bool   // the default arm
	Block
}

// Block is a run of named values followed by actions.
type Block struct {
	Lets    []*Let
	Actions []*Action
}

// Let names a value for the lines below it.
type Let struct {
	Span
	Name  Name
	Value *Expr
}

// ActionKind says what an action does to a record.
type ActionKind int

// The kinds of action.
const (
	Create ActionKind = iota
	Update
	Upsert
)

// Action is one write to one Salesforce record, in a rule or expected by a test.
type Action struct {
	Span        // from the keyword to the end of the last assignment
	Head   Span // the keyword
	Kind   ActionKind
	Object Name
	Using  Name   // the connection, missing for the file's
	Where  *Match // nil without a `where`
	If     *Expr  // nil without a guard
	Set    []*Assignment
	Broken bool // the head could not be read; a diagnostic has said so
}

// Match is the `where Field = expr` of an action: which record it means.
type Match struct {
	Span
	Field Name
	Value *Expr
}

// Assignment gives one field its value, by text or by expression: exactly one of
// Text and Value is set, even when the author left the value out.
type Assignment struct {
	Span
	Field FieldPath
	Text  *Template // for `Field: text`, else nil
	Value *Expr     // for `Field = expr`, else nil
}

// FieldPath is the left side of an assignment: one field, or a relationship
// followed by the parent's external-id field.
type FieldPath struct {
	Span
	Parts []Name // one or two
}

// String returns the path as the author wrote it, without blanks.
func (p FieldPath) String() string {
	s := ""
	for i, part := range p.Parts {
		if i > 0 {
			s += "."
		}
		s += part.Text
	}
	return s
}

// Template is the static text of `Field: text`, with the expressions that stand
// in it between braces.
type Template struct {
	Span
	Parts []TemplatePart
}

// TemplatePart is either plain text or an expression.
type TemplatePart struct {
	Text string // with `{{` already read as a brace
	Expr *Expr  // nil for plain text
}

// Static returns the text of a template without expressions.
func (t *Template) Static() (text string, ok bool) {
	for _, p := range t.Parts {
		if p.Expr != nil {
			return "", false
		}
		text += p.Text
	}
	return text, true
}

// Expr is the text of an expression. Its language belongs to package plan; here
// it is known only where it begins and ends.
type Expr struct {
	Span
	Text   string // the source between From and To, of the same length; comments in it are blanked out
	Broken bool   // it is missing or cannot be read; a diagnostic has said so
}

// Test is a `test` block: events that are given, and the writes expected of them.
type Test struct {
	Span    // the line of the head
	Name    Name
	Given   []Name  // event files, relative to the rule file
	Org     []Name  // of `given org`: a cause of failure, or a file that sets the simulated org up
	With    []*With // changes to the events of the `given` above them
	Expects []*Expect
}

// With changes one value of the given event.
type With struct {
	Span
	Path  Name // such as answers.nps, or answers["How likely?"]
	Text  *Template
	Value *Expr
}

// Step is one part of a path: a name, or the number of an item of a list.
type Step struct {
	Name string
	Item bool // the first item is 0
}

// Steps returns the parts of the path one by one.
func (w *With) Steps() []Step {
	var steps []Step
	rest := w.Path.Text
	for n := identLen(rest); n > 0; n = stepLen(rest) {
		text := rest[:n]
		rest = rest[n:]
		switch {
		case text[0] != '[':
			steps = append(steps, Step{Name: strings.TrimLeft(text, "?.")})
		case text[1] == '"' || text[1] == '\'':
			steps = append(steps, Step{Name: unquoted(text[1 : n-1])})
		default:
			steps = append(steps, Step{text[1 : n-1], true})
		}
	}
	return steps
}

// unquoted returns the text of a string that a path has between brackets.
func unquoted(s string) string {
	if s[0] == '\'' {
		s = `"` + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\'`, "'"), `"`, `\"`) + `"`
	}
	if text, err := strconv.Unquote(s); err == nil {
		return text
	}
	return s[1 : len(s)-1]
}

// ExpectKind says what a test expects.
type ExpectKind int

// The kinds of expectation.
const (
	ExpectWrite       ExpectKind = iota // a write with at least these fields
	ExpectNothing                       // no write at all
	ExpectNothingElse                   // no write beyond those expected
	ExpectSkipped                       // the event is skipped
	ExpectFailed                        // the event fails with a cause
)

// Expect is one `expect` of a test.
type Expect struct {
	Span  // the line of the head
	Kind  ExpectKind
	Write *Action // for ExpectWrite; Where may be nil
	Cause Name    // for ExpectFailed
}
