package plan

import (
	"slices"

	"github.com/sfsync/sfsync/dsl"
)

// Namespace is a group of values of an event, such as answers, for whoever explains
// the language.
type Namespace struct {
	Name  string
	Doc   string           // what it is, as a clause
	Parts map[string]Kinds // the parts that every event can have, and their kinds
	Open  bool             // whether it may have other parts

	outbound, response bool
}

// Available reports whether rules with a trigger of this kind may use the namespace.
func (n Namespace) Available(t dsl.TriggerKind) bool {
	return namespace{outbound: n.outbound, response: n.response}.available(t)
}

// Namespaces lists the groups of values that events have, by name.
func Namespaces() []Namespace {
	var out []Namespace
	for _, name := range sortedKeys(namespaces) {
		n := namespaces[name]
		parts := make(map[string]Kinds, len(n.fields))
		for part, kinds := range n.fields {
			parts[part] = kinds
		}
		out = append(out, Namespace{name, namespaceDocs[name], parts, n.open, n.outbound, n.response})
	}
	return out
}

// Statuses lists the built-in statuses that an event can bring to rules with a trigger
// of this kind.
func Statuses(t dsl.TriggerKind) []string {
	if t == dsl.SurveyResponse {
		return slices.Clone(responseStatuses)
	}
	return slices.Clone(dsl.Statuses)
}

var namespaceDocs = map[string]string{
	"event":        "the event itself: its id, type and time",
	"record":       "the fields of the record that the outbound message carries",
	"distribution": "the sending of the survey: its status, channel and time",
	"survey":       "the survey: its id, name and expiry",
	"response":     "the response: its id, date, metadata and custom fields",
	"answers":      "the answers, by the name of the question",
	"contact":      "the contact whom the survey asked",
	"profile":      "the custom fields of the contact's profile",
	"transaction":  "the purchase, visit or call that the survey is about",
	"vars":         "the variables of the survey's workflow",
}
