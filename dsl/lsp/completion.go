package lsp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// maxItems bounds the answer; the editor asks again as the author types on.
const maxItems = 1000

// completion says what may stand at a place. It reads the statement up to there and no
// further, since what is being typed is seldom whole.
func (s *server) completion(ctx context.Context, p completionParams) (completionList, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return completionList{Items: []completionItem{}}, err
	}
	offset := v.offset(p.Position)
	n := v.statementAt(offset)
	if v.inComment(offset) {
		return completionList{Items: []completionItem{}}, nil
	}
	c := &completer{view: v, ctx: ctx, scope: v.scopeAt(n), from: v.statements[n].From, asked: p.Context.TriggerCharacter}
	c.typed, c.word = typedBefore(v.source.Text[c.from:offset])
	c.cursor = cursorBehind(c.typed)
	if word := c.before(dsl.KindWord); word.To == len(c.typed) && word.To > 0 { // a bare word goes on to the next blank
		c.word = c.typed[word.From:] + c.word
		c.typed = c.typed[:word.From]
		c.cursor = cursorBehind(c.typed)
	}
	c.at = dsl.Span{From: offset - len(c.word), To: offset}
	c.snippets = v.client.Capabilities.TextDocument.Completion.CompletionItem.SnippetSupport
	c.ownObject(n)
	c.complete()
	if c.items == nil {
		c.items = []completionItem{}
	}
	incomplete := len(c.items) > maxItems
	return completionList{incomplete, c.items[:min(len(c.items), maxItems)]}, nil
}

// inComment reports whether a place is in a comment.
func (t *text) inComment(offset int) bool {
	i, _ := slices.BinarySearchFunc(t.file.Tokens, offset, func(t dsl.Token, at int) int { return t.To - at })
	return i < len(t.file.Tokens) && t.file.Tokens[i].Kind == dsl.KindComment && t.file.Tokens[i].From < offset
}

// typedBefore splits the path or word that is being typed off a statement.
func typedBefore(text string) (before, word string) {
	i := len(text)
	for i > 0 {
		r := rune(text[i-1])
		if r < 0x80 && r != '_' && r != '$' && r != '.' && r != '?' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		i--
	}
	word = text[i:]
	if q := strings.LastIndex(word, "?"); q >= 0 && !strings.HasPrefix(word[q:], "?.") {
		word = word[q+1:]
	}
	return text[:len(text)-len(word)], word
}

// completer gathers what may stand at a place.
type completer struct {
	*view
	cursor
	scope
	ctx      context.Context
	from     int      // where the statement begins
	typed    string   // of the statement, before the word
	word     string   // what was typed of a path
	at       dsl.Span // its place, to be replaced
	asked    string   // the character that made the editor ask; "" if the author did
	snippets bool
	items    []completionItem
}

// ownObject looks up the action of a clause's line, and of the statement itself.
func (c *completer) ownObject(n int) {
	if c.cursor.verb == "" {
		c.cursor.verb, c.cursor.object = c.scope.verb, c.scope.object
	}
	if c.cursor.role == roleLine && n > 0 && c.scope.head == n {
		above := c.view.scopeAt(n - 1) // the line itself may look like an action
		c.scope = above
		c.cursor.verb, c.cursor.object = above.verb, above.object
	}
}

func (c *completer) complete() {
	if quote := c.before(dsl.KindBadString); quote.To > 0 && (c.role == roleExpr || c.role == rolePath) {
		c.widen(quote.From + 1)
		c.strings(c.typed[:quote.From])
		return
	}
	switch c.role {
	case roleLine:
		fields := c.cursor.object != "" && c.setting
		indented := c.at.From > c.source.LineSpan(c.source.Position(c.at.From).Line).From
		if fields && indented { // where they stand
			c.fields()
		}
		c.keywords(c.lineWords())
		if fields && !indented {
			c.fields()
		}
	case roleTrigger:
		c.triggers()
	case roleObject:
		c.objects()
	case roleSurvey:
		for _, id := range c.around.samples.surveys {
			c.add(completionItem{Label: id, Kind: itemValue, Detail: "survey of a sample event"})
		}
		c.keywords([]string{"if"})
	case roleConnection:
		c.connections()
	case roleStatus:
		c.widen(c.before(dsl.KindComma, dsl.KindKeyword).To)
		c.statuses(c.handled())
	case roleField:
		if !c.operand {
			c.fields()
		}
	case roleMatch:
		if !c.operand {
			c.matches()
		}
	case rolePath:
		if !c.operand && len(c.calls) == 0 {
			c.paths(true)
		}
	case roleText:
		c.widen(c.before(dsl.KindColon).To)
		c.values(false)
	case roleExpr:
		c.expression()
	case roleClause:
		c.keywords(c.clauseWords())
	case roleGuard:
		c.keywords([]string{"if"})
	case roleFile:
		c.widen(c.before(dsl.KindKeyword).To)
		if strings.HasPrefix(c.word, "org ") {
			c.at.From, c.word = c.at.From+len("org "), strings.TrimPrefix(c.word, "org ")
			c.causes()
			c.eventFiles()
			return
		}
		c.eventFiles()
		c.add(completionItem{Label: "org", Kind: itemKeyword, Detail: "what the org does: a cause of failure, or a file"})
	case roleExpect:
		c.keywords([]string{"create", "update", "upsert"})
		for _, word := range []string{"nothing", "nothing else", "skipped", "failed"} {
			c.add(completionItem{Label: word, Kind: itemKeyword})
		}
	case roleElse:
		c.add(completionItem{Label: "else", Kind: itemKeyword})
	case roleCause:
		c.causes()
	}
}

// before returns the last token of some kinds before the place, as a range of what was
// typed of the statement.
func (c *completer) before(kinds ...dsl.Kind) dsl.Span {
	for i := len(c.last) - 1; i >= 0; i-- {
		if slices.Contains(kinds, c.last[i].Kind) {
			return c.last[i].Span
		}
	}
	return dsl.Span{}
}

// widen widens the place to all that was typed from there: a text that may have blanks.
func (c *completer) widen(from int) {
	rest := strings.TrimLeft(c.typed[from:], " \t")
	c.at.From -= len(rest)
	c.word = rest + c.word
}

// add adds an item; what it puts in the place of what was typed is its label, unless
// it says otherwise.
func (c *completer) add(item completionItem) {
	if item.TextEdit == nil {
		item.TextEdit = &textEdit{NewText: item.Label}
	}
	if item.TextEdit.Range == (textRange{}) {
		item.TextEdit.Range = c.span(c.at)
	}
	if item.SortText == "" {
		item.SortText = fmt.Sprintf("%04d", len(c.items))
	}
	c.items = append(c.items, item)
}

func (c *completer) keywords(words []string) {
	for _, word := range words {
		c.add(completionItem{Label: word, Kind: itemKeyword, Documentation: markdown(keywordDocs[word])})
	}
}

func (c *completer) triggers() {
	typed := strings.Join(c.words, " ")
	for _, trigger := range []string{"outbound message", "survey response"} {
		if rest, ok := strings.CutPrefix(trigger, typed); ok {
			c.add(completionItem{Label: strings.TrimSpace(rest), Kind: itemKeyword})
		}
	}
}

func (c *completer) connections() {
	seen := map[string]bool{}
	for _, name := range c.around.connections {
		seen[name] = true
		c.add(completionItem{Label: name, Kind: itemModule, Detail: "stored connection"})
	}
	for _, t := range c.texts() {
		if name := t.read().Connection.Text; name != "" && !seen[name] && t != c.text {
			seen[name] = true
			c.add(completionItem{Label: name, Kind: itemModule, Detail: "connection of another rule file"})
		}
	}
}

// handled are the statuses that the rule handles in other places.
func (c *completer) handled() map[string]bool {
	handled := map[string]bool{}
	if c.rule != nil {
		for _, arm := range c.rule.Arms {
			for _, s := range arm.Statuses {
				if s.To < c.at.From || s.From > c.at.To {
					handled[dsl.NormalStatus(s.Text)] = true
				}
			}
		}
	}
	return handled
}

// statuses offers the statuses that the rule's events can have, but not these, which it
// adds to.
func (c *completer) statuses(without map[string]bool) {
	offer := func(name, detail, doc string) {
		if without[dsl.NormalStatus(name)] {
			return
		}
		without[dsl.NormalStatus(name)] = true
		item := completionItem{Label: name, Kind: itemMember, Detail: detail}
		if doc != "" {
			item.Documentation = markdown(doc)
		}
		c.add(item)
	}
	builtIn := dsl.Statuses
	if c.known {
		builtIn = plan.Statuses(c.trigger)
	}
	for _, name := range builtIn {
		offer(name, "status", statusDocs[name])
	}
	for _, t := range sorted(c.texts()) {
		for _, name := range t.read().Statuses {
			offer(name.Text, "status of your own", "")
		}
	}
}

func (c *completer) causes() {
	for _, name := range causeNames {
		item := completionItem{Label: name, Kind: itemMember}
		if c.options.Cause != nil {
			item.Documentation = markdown(c.options.Cause(name))
		}
		c.add(item)
	}
}
