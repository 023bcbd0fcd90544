package lsp

import (
	"fmt"
	"sync"

	"github.com/sfsync/sfsync/dsl"
)

// document is a text that the editor has open.
type document struct {
	uri     string
	version int32
	refused bool // it is longer than rules may be; nothing is known of it
	folder  *folder
	results map[string]TestResult // of the tests that were run, by their name
	*text
}

// text is one version of a rule file. It does not change, and is read when it is first needed.
type text struct {
	source *dsl.Source

	once       sync.Once
	file       *dsl.File
	faults     []dsl.Diagnostic
	statements []statement
}

// statement is a line, or several that brackets hold together, with its tokens: neither
// blanks nor comments nor line breaks. An empty line is a statement without tokens.
type statement struct {
	dsl.Span
	tokens []dsl.Token
}

func newText(path, content string) *text {
	return &text{source: dsl.NewSource(path, []byte(content))}
}

// read returns the text's tree.
func (t *text) read() *dsl.File {
	t.once.Do(func() {
		t.file, t.faults = dsl.Parse(t.source)
		t.statements = statementsOf(t.file.Tokens)
	})
	return t.file
}

func statementsOf(all []dsl.Token) []statement {
	tokens := make([]dsl.Token, 0, len(all))
	var out []statement
	from, first := 0, 0
	end := func(at, next int) {
		out = append(out, statement{dsl.Span{From: from, To: at}, tokens[first:len(tokens):len(tokens)]})
		from, first = next, len(tokens)
	}
	for _, t := range all {
		switch t.Kind {
		case dsl.KindBlank, dsl.KindWrap, dsl.KindComment:
		case dsl.KindEOL:
			end(t.From, t.To)
		default:
			tokens = append(tokens, t)
		}
	}
	if n := len(all); n > 0 {
		end(all[n-1].To, all[n-1].To)
	} else {
		end(0, 0)
	}
	return out
}

// statementAt returns the number of the statement that an offset stands in.
func (t *text) statementAt(offset int) int {
	t.read()
	low, high := 0, len(t.statements)-1
	for low < high {
		mid := (low + high + 1) / 2
		if t.statements[mid].From <= offset {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// edited returns a text with changes made one after the other.
func edited(src *dsl.Source, changes []contentChange, enc encoding) (string, error) {
	for _, c := range changes {
		content := c.Text
		if c.Range != nil {
			from, to := enc.offset(src, c.Range.Start), enc.offset(src, c.Range.End)
			if from > to {
				return "", fmt.Errorf("a change begins behind its end")
			}
			content = src.Text[:from] + c.Text + src.Text[to:]
		}
		if len(content) > dsl.MaxSize {
			return content, nil // refused, whatever comes after
		}
		src = dsl.NewSource(src.Path, []byte(content))
	}
	return src.Text, nil
}
