package lsp

import (
	"context"
	"slices"

	"github.com/sfsync/sfsync/dsl"
)

// folding says what can be folded: rules, arms, actions and tests of more than a line,
// and comments.
func (s *server) folding(_ context.Context, p textDocumentParams) ([]foldingRange, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return []foldingRange{}, err
	}
	out := []foldingRange{}
	add := func(from, to int, kind string) {
		if to > from {
			out = append(out, foldingRange{from - 1, to - 1, kind})
		}
	}
	// The heads that are open, from the outermost: each ends where one of its own rank or
	// a lower one begins, at the last line that has something on it.
	type head struct{ rank, line int }
	var open []head
	last := 0
	closeTo := func(rank int) {
		for len(open) > 0 && open[len(open)-1].rank >= rank {
			add(open[len(open)-1].line, last, "")
			open = open[:len(open)-1]
		}
	}
	for _, st := range v.statements {
		if len(st.tokens) == 0 {
			continue
		}
		first := st.tokens[0]
		line := v.source.Position(first.From).Line
		rank := 4
		if first.Kind == dsl.KindKeyword {
			switch word := v.slice(first.Span); {
			case word == "rule" || word == "test":
				rank = 1
			case word == "when" || word == "otherwise" || word == "given":
				rank = 2
			case slices.Contains([]string{"create", "update", "upsert", "expect"}, word):
				rank = 3
			case word == "connection" || word == "statuses":
				rank = 0
			}
		}
		if rank < 4 {
			closeTo(rank)
			if rank > 0 && !(rank == 2 && v.slice(first.Span) == "given") {
				open = append(open, head{rank, line})
			}
		}
		last = v.source.Position(st.tokens[len(st.tokens)-1].To).Line
	}
	closeTo(0)
	v.foldComments(add)
	slices.SortFunc(out, func(a, b foldingRange) int { return a.StartLine - b.StartLine })
	return out, nil
}

// foldComments folds comments that go on for lines.
func (v *view) foldComments(add func(from, to int, kind string)) {
	first, last := 0, -1
	for _, t := range v.file.Tokens {
		if t.Kind != dsl.KindComment {
			continue
		}
		line := v.source.Position(t.From).Line
		if line != last+1 {
			add(first, last, "comment")
			first = line
		}
		last = line
	}
	add(first, last, "comment")
}
