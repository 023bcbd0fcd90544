package receiver

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/intake"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// distribution turns the short form of a status into an event:
//
//	{"of":"04l…","status":"Delivered","time":"2026-11-20T14:05:00Z","channel":"email"}
//
// The status, time and channel go into `distribution`, whose own values count before
// them; the time is also the event's. Everything else stays as it is, so that the
// long form passes unchanged. Without an id, the event gets one derived from what it
// says, so that a second delivery is recognised.
func distribution(text string) (string, *intake.Error) {
	var of, status, at, channel, id, inner gjson.Result
	var rest strings.Builder
	var wrong *intake.Error
	once := func(into *gjson.Result, value gjson.Result) {
		if !into.Exists() && value.Type != gjson.Null {
			*into = value
		}
	}
	gjson.Parse(text).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "of":
			once(&of, value)
		case "status":
			once(&status, value)
		case "time":
			once(&at, value)
		case "channel":
			once(&channel, value)
		case "id":
			once(&id, value)
		case "distribution":
			if value.Type != gjson.Null && !value.IsObject() {
				wrong = &intake.Error{Message: "`distribution` is no object", Help: `write {"of": …, "status": …, "time": …}, or the status inside of distribution`}
			}
			once(&inner, value)
		case "type":
			if value.Type != gjson.Null && value.String() != plan.TypeDistribution {
				wrong = &intake.Error{Message: "this is no status of a distribution, but of the type `" + clip(value.String()) + "`", Help: "post it to /v1/events"}
			}
		default:
			rest.WriteString("," + key.Raw + ":" + value.Raw)
		}
		return true
	})
	if wrong != nil {
		return "", wrong
	}
	var d strings.Builder
	inside := func(name string, outer gjson.Result) gjson.Result {
		v := inner.Get(name)
		if v.Exists() && v.Type != gjson.Null {
			return v
		}
		if outer.Exists() {
			d.WriteString(`,"` + name + `":` + outer.Raw)
		}
		return outer
	}
	status = inside("status", status)
	when := inside("time", at)
	channel = inside("channel", channel)
	if !at.Exists() {
		at = when
	}
	inner.ForEach(func(key, value gjson.Result) bool {
		if value.Type != gjson.Null {
			d.WriteString("," + key.Raw + ":" + value.Raw)
		}
		return true
	})

	var b strings.Builder
	b.WriteString(`{"type":"` + plan.TypeDistribution + `","id":`)
	if id.Exists() {
		b.WriteString(id.Raw)
	} else {
		b.WriteString(`"` + derivedID(of.String(), status.String(), when.String(), inner.Get("id").String(), channel.String()) + `"`)
	}
	for _, m := range []struct {
		name  string
		value gjson.Result
	}{{"of", of}, {"time", at}} {
		if m.value.Exists() {
			b.WriteString(`,"` + m.name + `":` + m.value.Raw)
		}
	}
	if d.Len() > 0 {
		b.WriteString(`,"distribution":{` + d.String()[1:] + "}")
	}
	b.WriteString(rest.String() + "}")
	return b.String(), nil
}

// derivedID is the same for all tellings of the same status.
func derivedID(of, status, at, distribution, channel string) string {
	if id, ok := schema.To18(of); ok {
		of = id
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{of, dsl.NormalStatus(status), at, distribution, channel}, "\x00")))
	return "status-" + hex.EncodeToString(sum[:16])
}
