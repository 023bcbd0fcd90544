// Package lsp is the language server: what an editor asks about rule files, answered
// over the Language Server Protocol, version 3.17.
//
//	err := lsp.Serve(ctx, os.Stdin, os.Stdout, lsp.Options{})
//
// The server knows what package plan knows, and asks it the same way as a check does:
// the rule files of a folder belong together, a directory `schema` beside them has the
// describe results that names are held against, and a directory `events` has sample
// events. Text that an editor has open counts instead of the file on disk.
//
// How it works: document.go keeps the open texts and project.go what lies in the folder
// beside them. A change only replaces text; analysis.go compiles the folder behind the
// author's back and drops what was overtaken by the next change. cursor.go says what
// stands at a place, from the tokens and not from the tree, since text is broken most of
// the time while somebody types it. Each feature has a file of its own.
//
// The package reads files below the folders of open documents, and rule files below the
// folders that the editor works in; it never writes one, and knows no network.
package lsp
