package plan

import (
	"sort"

	"github.com/sfsync/sfsync/dsl"
)

// A namespace is a top-level name of an event, such as answers.
type namespace struct {
	outbound, response bool             // the triggers whose rules may use it
	fields             map[string]Kinds // the parts whose kind is fixed
	open               bool             // whether it may have other parts
}

// The namespaces of an event and what is known of each without a schema.
var namespaces = map[string]namespace{
	"event": {outbound: true, response: true, fields: map[string]Kinds{
		"id": Text, "type": Text, "time": DateTime | Null,
	}},
	"record": {outbound: true, open: true},
	"distribution": {outbound: true, response: true, fields: map[string]Kinds{
		"id": Text | Null, "status": Text | Null, "channel": Text | Null, "time": DateTime | Null, "metadata": Any,
	}},
	"survey": {outbound: true, response: true, fields: map[string]Kinds{
		"id": Text | Null, "name": Text | Null, "expires_at": DateTime | Null, "metadata": Any,
	}},
	"response": {response: true, fields: map[string]Kinds{
		"id": Text | Null, "date": DateTime | Null, "metadata": Any, "fields": Any,
	}},
	"answers":     {response: true, open: true},
	"contact":     {outbound: true, response: true, open: true},
	"profile":     {outbound: true, response: true, open: true},
	"transaction": {outbound: true, response: true, open: true},
	"vars":        {outbound: true, response: true, open: true},
}

// available reports whether rules with a trigger of this kind may use n.
func (n namespace) available(t dsl.TriggerKind) bool {
	if t == dsl.OutboundMessage {
		return n.outbound
	}
	return n.response
}

// namespaceNames lists the namespaces of a trigger in order.
func namespaceNames(t dsl.TriggerKind) []string {
	var names []string
	for name, n := range namespaces {
		if n.available(t) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// eventNamespace names the event itself.
const eventNamespace = "event"

// eventPath is where a path of the language stands in an event's JSON: the
// namespace `event` is the event itself.
func eventPath(path []string) []string {
	if path[0] == eventNamespace {
		return path[1:]
	}
	return path
}
