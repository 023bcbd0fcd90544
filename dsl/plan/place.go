package plan

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/sfsync/sfsync/dsl"
)

// place is a span of a source.
type place struct {
	source *dsl.Source
	span   dsl.Span
}

// spanAt maps expr's location, counted in runes from the start of the
// expression, to bytes of the file.
func spanAt(e *dsl.Expr, l file.Location) dsl.Span {
	from, to, runes := len(e.Text), len(e.Text), 0
	for i := range e.Text {
		if runes == l.From {
			from = i
		}
		if runes == l.To {
			to = i
			break
		}
		runes++
	}
	if to <= from {
		to = min(from+1, len(e.Text))
	}
	from = min(from, to)
	return dsl.Span{From: e.From + from, To: e.From + to}
}

// span returns the place of a node and all that belongs to it.
func (a *analysis) span(n ast.Node) dsl.Span {
	l := n.Location()
	ast.Walk(&n, extent{&l})
	span := spanAt(a.at, l)
	span.To += unclosed(a.at.Text[span.From-a.at.From:], span.To-span.From)
	return span
}

// unclosed returns how many bytes after the first n of a text close the brackets
// that those open: the places of expr's nodes leave them out.
func unclosed(text string, n int) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		if i >= n && depth == 0 && quote == 0 {
			return i - n
		}
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				return 0
			}
		}
	}
	if depth == 0 && quote == 0 {
		return max(0, len(text)-n)
	}
	return 0
}

type extent struct{ l *file.Location }

func (e extent) Visit(n *ast.Node) {
	if l := (*n).Location(); l.To > l.From {
		e.l.From = min(e.l.From, l.From)
		e.l.To = max(e.l.To, l.To)
	}
}
