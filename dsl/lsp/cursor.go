package lsp

import (
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// role says what a place in a statement is for.
type role int

const (
	roleNone       role = iota // nothing can be said of it
	roleLine                   // the beginning of a line
	roleTitle                  // the name of a rule or test
	roleTrigger                // the words after `on`
	roleObject                 // an object
	roleSurvey                 // a survey's id
	roleConnection             // a connection
	roleStatus                 // a distribution status
	roleNewStatus              // one that is declared
	roleField                  // a field on the left of `=` or `:`
	roleMatch                  // a field after `where`
	roleLet                    // the name of a let
	rolePath                   // a path after `with`
	roleText                   // static text after `:`
	roleExpr                   // an expression
	roleClause                 // after the head of an action, where a clause may begin
	roleGuard                  // after a trigger, where `if` may stand
	roleFile                   // an event file
	roleExpect                 // after `expect`
	roleElse                   // after `expect nothing`
	roleCause                  // after `expect failed`
)

// cursor is what is known of a place in a statement from the tokens before it.
type cursor struct {
	role    role
	keyword string      // that the statement begins with; "" for a field's line
	clause  string      // the last keyword before the place
	verb    string      // create, update or upsert, if the statement has one
	object  string      // of that action
	field   string      // on the left of the `=` or `:` before the place
	operand bool        // a value or a name stands right before
	calls   []call      // the functions whose brackets are open, the innermost last
	words   []string    // the bare words since the keyword
	last    []dsl.Token // the tokens before the place
}

// call is a function whose bracket is open.
type call struct {
	name     string // "" for other brackets
	argument int    // from 0
}

// cursorBehind reads a statement that was typed up to a place.
func cursorBehind(typed string) cursor {
	line := newText("", typed)
	line.read()
	return cursorAt(line.source, line.statements[len(line.statements)-1].tokens)
}

// cursorAt reads the tokens before a place.
func cursorAt(src *dsl.Source, tokens []dsl.Token) cursor {
	c := cursor{role: roleLine, last: tokens}
	depth := func() int { return len(c.calls) }
	for i, t := range tokens {
		word := src.Slice(t.Span)
		switch t.Kind {
		case dsl.KindKeyword, dsl.KindNearMiss:
			if i == 0 {
				c.keyword = word
			}
			c.after(word)
		case dsl.KindWord:
			c.word(word)
		case dsl.KindName:
			c.field, c.operand = word, true
		case dsl.KindMember:
			if c.role != roleExpr {
				c.field += word
			}
			c.operand = true
		case dsl.KindEquals:
			c.role, c.operand, c.calls = roleExpr, false, nil
		case dsl.KindColon:
			c.role = roleText
		case dsl.KindComma:
			c.comma()
		case dsl.KindStatus, dsl.KindText:
			c.operand = true
		case dsl.KindOpenBrace:
			c.role, c.operand, c.calls = roleExpr, false, nil
		case dsl.KindCloseBrace:
			c.role = roleText
		case dsl.KindOpen:
			name := ""
			if i > 0 && word == "(" && tokens[i-1].Kind == dsl.KindIdent {
				name = src.Slice(tokens[i-1].Span)
			}
			c.calls, c.operand = append(c.calls, call{name: name}), false
		case dsl.KindClose:
			if depth() > 0 {
				c.calls = c.calls[:depth()-1]
			}
			c.operand = true
		case dsl.KindOperator:
			if word == "," && depth() > 0 {
				c.calls[depth()-1].argument++
			}
			c.operand = false
		case dsl.KindIdent:
			if c.role == roleLine { // a field whose `=` is not there yet, or a keyword
				c.role = roleNone
			}
			if c.role == rolePath {
				c.field = word
			}
			c.operand = !slices.Contains(operatorWords, word)
		case dsl.KindNumber, dsl.KindString:
			c.operand = true
		}
	}
	return c
}

// after takes note of a keyword.
func (c *cursor) after(word string) {
	c.clause, c.words, c.operand, c.calls, c.field = word, nil, false, nil, ""
	switch word {
	case "rule", "test":
		c.role = roleTitle
	case "given":
		c.role = roleFile
	case "statuses":
		c.role = roleNewStatus
	case "when":
		c.role = roleStatus
	case "on":
		c.role = roleTrigger
	case "connection", "using":
		c.role = roleConnection
	case "create", "update", "upsert":
		c.verb, c.role = word, roleObject
	case "where":
		c.role = roleMatch
	case "if":
		c.role = roleExpr
	case "set":
		c.role = roleField
	case "let":
		c.role = roleLet
	case "with":
		c.role = rolePath
	case "expect":
		c.role = roleExpect
	default:
		c.role = roleNone
	}
}

// word takes note of a bare word.
func (c *cursor) word(word string) {
	c.words = append(c.words, word)
	switch c.role {
	case roleObject:
		c.role = roleClause
		if c.clause == "on" {
			c.role = roleGuard
		} else {
			c.object = word
		}
	case roleConnection:
		c.role = roleClause
		if c.clause == "connection" {
			c.role = roleNone
		}
	case roleTrigger:
		switch strings.Join(c.words, " ") {
		case "outbound message":
			c.role = roleObject
		case "survey response":
			c.role = roleSurvey
		}
	case roleSurvey:
		c.role = roleGuard
	case roleExpect:
		c.role = roleNone
		switch word {
		case "nothing":
			c.role = roleElse
		case "failed":
			c.role = roleCause
		}
	default:
		c.role = roleNone
	}
}

// comma takes note of a comma between statuses or assignments.
func (c *cursor) comma() {
	switch c.clause {
	case "when", "statuses":
		c.operand = false
	case "set", "":
		c.role, c.field, c.operand = roleField, "", false
	default:
		c.role = roleNone
	}
}

// operatorWords are the operators of expressions that are words.
var operatorWords = []string{"and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches"}

// scope is what encloses a statement.
type scope struct {
	rule    *dsl.Rule
	test    *dsl.Test
	arm     *dsl.Arm
	trigger dsl.TriggerKind
	known   bool   // whether the rule has a trigger
	record  string // the object of an outbound message
	verb    string // of the action that a line of fields belongs to
	object  string // of that action
	using   string // the connection of that action
	setting bool   // a `set` stands above, so that fields may follow
	head    int    // the statement with the action's head, -1 without one
}

// scopeAt returns what encloses statement n. The statement's own head counts.
func (t *text) scopeAt(n int) scope {
	s := scope{head: -1}
	at := t.statements[n].To
	for _, r := range t.file.Rules {
		if r.From <= at {
			s.rule = r
		}
	}
	for _, test := range t.file.Tests {
		if test.From <= at && (s.rule == nil || s.rule.From < test.From) {
			s.test, s.rule = test, nil
		}
	}
	if s.rule != nil {
		for _, a := range s.rule.Arms {
			if a.From <= at {
				s.arm = a
			}
		}
		if on := s.rule.On; on != nil {
			s.known, s.trigger = true, on.Kind
			if on.Kind == dsl.OutboundMessage {
				s.record = on.Subject.Text
			}
		}
	}
	t.actionOf(&s, n)
	return s
}

// actionOf finds the action that statement n belongs to, from the statements above.
func (t *text) actionOf(s *scope, n int) {
	for ; n >= 0; n-- {
		st := t.statements[n]
		if len(st.tokens) == 0 {
			continue
		}
		c := cursorAt(t.source, st.tokens)
		for i, token := range st.tokens {
			if token.Kind != dsl.KindKeyword {
				continue
			}
			switch t.source.Slice(token.Span) {
			case "set":
				s.setting = true
			case "using":
				if i+1 < len(st.tokens) {
					s.using = t.source.Slice(st.tokens[i+1].Span)
				}
			}
		}
		switch {
		case c.verb != "":
			s.verb, s.object, s.head = c.verb, c.object, n
			return
		case c.keyword != "" && !slices.Contains([]string{"using", "where", "if", "set"}, c.keyword):
			s.setting = false
			return
		}
	}
}

// lets returns the named values that an offset can see, the nearest last.
func (s scope) lets(offset int) []*dsl.Let {
	var out []*dsl.Let
	if s.rule == nil {
		return nil
	}
	blocks := []dsl.Block{s.rule.Block}
	if s.arm != nil {
		blocks = append(blocks, s.arm.Block)
	}
	for _, b := range blocks {
		for _, l := range b.Lets {
			if l.To <= offset && !l.Name.Missing() {
				out = append(out, l)
			}
		}
	}
	return out
}
