package lsp

import "github.com/sfsync/sfsync/dsl"

// blocksOf returns the blocks of a rule: what always runs, and its arms.
func blocksOf(r *dsl.Rule) []dsl.Block {
	blocks := []dsl.Block{r.Block}
	for _, a := range r.Arms {
		blocks = append(blocks, a.Block)
	}
	return blocks
}

// actionsOf returns the actions of a file's rules, and those that its tests expect, in
// the order of the text of each.
func actionsOf(f *dsl.File) []*dsl.Action {
	var out []*dsl.Action
	for _, r := range f.Rules {
		for _, b := range blocksOf(r) {
			out = append(out, b.Actions...)
		}
	}
	for _, t := range f.Tests {
		for _, e := range t.Expects {
			if e.Write != nil {
				out = append(out, e.Write)
			}
		}
	}
	return out
}
