// Package examples holds rule files, events and a simulated org that a newcomer can
// run. README.md tells what is where; `sfsync demo` runs them all.
package examples

import "embed"

// Files are the examples: survey/*.sfsync, their events, and what the simulated org
// is made of. The exported schema is left out, as the org has it.
//
//go:embed survey/*.sfsync survey/events survey/org broken/*.sfsync
var Files embed.FS
