package plan

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var errNotBool = errors.New("true or false is needed")

// body evaluates the assignments of an action into the JSON that is sent.
func (e *Evaluation) body(a *Action, w *Write) {
	first := len(e.fields)
	w.from = len(e.buf)
	e.buf = append(e.buf, '{')
	written := 0
	for _, as := range a.Set {
		fv := FieldValue{Assignment: as}
		mark := len(e.buf)
		if written > 0 {
			e.buf = append(e.buf, ',')
		}
		e.buf = append(e.buf, as.key...)
		fv.from = len(e.buf)
		reason, bad := e.field(as)
		if bad != nil {
			w.fail(bad.cause, bad.reason, bad.help)
			e.buf = e.buf[:w.from]
			e.fields = e.fields[:first]
			return
		}
		if fv.to = len(e.buf); reason != "" {
			e.buf = e.buf[:mark]
			fv.Skipped, fv.from, fv.to = reason, 0, 0
		} else {
			written++
			if as.parent != "" {
				e.buf = append(e.buf, '}')
			}
		}
		e.fields = append(e.fields, fv)
	}
	e.buf = append(e.buf, '}')
	w.to = len(e.buf)
	w.Fields = e.fields[first:len(e.fields):len(e.fields)]
	switch {
	case written == 0:
		w.skip("nothing to write: every value is missing")
	case a.Kind == dsl.Create && e.requiredMissing(a, w):
	case e.unchanged(a, w):
		w.skip("the record already shows these values")
	}
}

// A problem is why a write would be refused.
type problem struct{ cause, reason, help string }

// field appends the JSON of one assignment, or says why the field is left out.
func (e *Evaluation) field(as *Assignment) (skipped string, bad *problem) {
	var v schema.Value
	switch {
	case as.static != nil:
		e.buf = append(e.buf, as.static...)
		return "", nil
	case as.template != nil:
		text, missing, err := e.template(as)
		if err != nil {
			return "", &problem{"invalid_value", as.Field + ": " + runMessage(err), ""}
		}
		if missing != nil {
			return "`" + missing.Text + "` is missing", nil
		}
		v = schema.Value{Kind: schema.KindText, Text: text}
	default:
		var err error
		if v, err = e.value(as.value); err != nil {
			return "", &problem{"invalid_value", as.Field + ": " + runMessage(err), ""}
		}
		if v.Kind == schema.KindNull {
			return "`" + as.value.Text + "` is missing", nil
		}
	}
	// Salesforce keeps blank text as null, so it would empty the field: nobody asked for that.
	if v.Kind == schema.KindText && strings.TrimSpace(v.Text) == "" {
		return "`" + as.Source + "` is empty", nil
	}
	buf, verr := as.encoder().AppendJSON(e.buf, v)
	if verr != nil {
		message := verr.Message
		if as.field == nil {
			message = as.Field + message // a field that no schema knows has no name of its own
		}
		return "", &problem{causeOf(verr), message, verr.Help}
	}
	if clears(buf[len(e.buf):]) {
		return "`" + as.Source + "` is empty", nil
	}
	e.buf = buf
	return "", nil
}

// clears reports whether a value, as JSON, empties the field that gets it.
func clears(value []byte) bool {
	return string(value) == "null" || len(value) >= 2 && value[0] == '"' && len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}

// template builds the text of `Field: text {expr}`. A missing value makes the
// whole text missing.
func (e *Evaluation) template(as *Assignment) (text string, missing *Expression, err error) {
	var b []byte
	for _, p := range as.template {
		if p.expr == nil {
			b = append(b, p.text...)
			continue
		}
		v, err := e.value(p.expr)
		if err != nil {
			return "", nil, err
		}
		switch v.Kind {
		case schema.KindNull:
			return "", p.expr, nil
		case schema.KindList, schema.KindObject:
			return "", nil, errors.New("`" + p.expr.Text + "` is no text; join(…) makes text of a list")
		}
		if b = append(b, v.Text...); len(b) > maxText*4 {
			return "", nil, errTooLong
		}
	}
	return string(b), nil, nil
}

// value evaluates an expression to a value for a field. What is a path alone is
// taken as it was sent, so that 4.50 and large numbers stay what they are.
func (e *Evaluation) value(x *Expression) (schema.Value, error) {
	if x.variable >= 0 && e.plan.variables[x.variable].let == nil {
		v := &e.plan.variables[x.variable]
		s := &e.slots[x.variable]
		if s.epoch != e.epoch {
			return schema.Value{}, nil
		}
		if err := checkKind(v, s.value); err != nil {
			return schema.Value{}, err
		}
		switch s.value.Type {
		case gjson.Null:
			return schema.Value{}, nil
		case gjson.String:
			return schema.Value{Kind: schema.KindText, Text: s.value.Str}, nil
		case gjson.Number:
			return schema.Value{Kind: schema.KindNumber, Text: s.value.Raw}, nil
		case gjson.True:
			return schema.Value{Kind: schema.KindBool, Text: "true"}, nil
		case gjson.False:
			return schema.Value{Kind: schema.KindBool, Text: "false"}, nil
		}
	}
	r, err := e.eval(x)
	if err != nil {
		return schema.Value{}, err
	}
	return schemaValue(r), nil
}

// eval evaluates an expression to text, float64, int, bool, a list or nil.
func (e *Evaluation) eval(x *Expression) (any, error) {
	if x.constant {
		return x.value, nil
	}
	if x.variable >= 0 {
		return e.load(x.variable)
	}
	for _, id := range x.reads {
		s := &e.slots[id]
		if s.epoch == e.epoch && s.loaded {
			continue
		}
		v, err := e.load(id)
		if err != nil {
			return nil, err
		}
		e.env[e.plan.variables[id].key] = v
		if s.epoch != e.epoch {
			*s = slot{epoch: e.epoch, pass: e.pass}
		}
		s.loaded = true
	}
	v, err := e.vm.Run(x.program, e.env)
	if err == nil {
		err = finite(v)
	}
	return v, err
}

// load returns the value of a variable.
func (e *Evaluation) load(id int) (any, error) {
	v, s := &e.plan.variables[id], &e.slots[id]
	if v.let != nil {
		if s.epoch != e.epoch {
			result, err := e.eval(v.let)
			*s = slot{epoch: e.epoch, pass: e.pass, result: result, err: err}
		}
		return s.result, s.err
	}
	if s.epoch != e.epoch {
		return nil, nil
	}
	if err := checkKind(v, s.value); err != nil {
		return nil, err
	}
	return goValue(v, s.value)
}

// checkKind holds the JSON of a typed path against its kind.
func checkKind(v *variable, r gjson.Result) error {
	got := Object
	switch r.Type {
	case gjson.Null:
		return nil
	case gjson.String:
		got = textual
	case gjson.Number:
		got = Number
	case gjson.True, gjson.False:
		got = Bool
	default:
		if r.IsArray() {
			got = List
		}
	}
	if v.kinds&got == 0 {
		return errors.New("`" + v.name + "` is " + jsonKind(r) + ", and " + (v.kinds &^ Null).String() + " is needed")
	}
	return nil
}

// goValue turns JSON into what expressions compute with. Dates become text whose
// order is that of time.
func goValue(v *variable, r gjson.Result) (any, error) {
	switch r.Type {
	case gjson.Null:
		return nil, nil
	case gjson.String:
		switch v.kinds &^ Null {
		case DateTime:
			t, ok := parseDateTime(r.Str)
			if !ok {
				return nil, errors.New("`" + v.name + "` is no date-time: " + quoteValue(r.Str))
			}
			return formatDateTime(t), nil
		case Date:
			if _, ok := parseDate(r.Str); !ok {
				return nil, errors.New("`" + v.name + "` is no date: " + quoteValue(r.Str))
			}
		}
		return r.Str, nil
	}
	return plainValue(r), nil
}

// plainValue turns JSON into what expressions compute with, whatever its place is.
func plainValue(r gjson.Result) any {
	switch {
	case r.Type == gjson.Number:
		return wholeNumber(r.Raw, r.Num)
	case r.IsArray():
		list := []any{}
		r.ForEach(func(_, item gjson.Result) bool {
			list = append(list, plainValue(item))
			return true
		})
		return list
	}
	return r.Value()
}

// requiredMissing fails a create whose required fields turned out to be missing.
func (e *Evaluation) requiredMissing(a *Action, w *Write) bool {
	for _, name := range a.required {
		for _, f := range w.Fields {
			if f.Skipped != "" && f.Assignment.parent == "" && f.Assignment.Field == name {
				w.fail("required_missing", withArticle(a.Object)+" cannot be created without "+name+", and "+f.Skipped,
					"give it a default with `??`")
				return true
			}
		}
	}
	return false
}

// unchanged reports whether an outbound message itself shows every value that
// its record is to get. A field that it does not carry may be anything.
func (e *Evaluation) unchanged(a *Action, w *Write) bool {
	if a.shown == nil || e.Event.Type != TypeOutbound {
		return false
	}
	for i := range w.Fields {
		fv := &w.Fields[i]
		if fv.Skipped != "" {
			continue
		}
		id := a.shown[i]
		// A slot without JSON was filled by a guard that looked at a missing field.
		if id < 0 || e.slots[id].epoch != e.epoch || e.slots[id].value.Raw == "" {
			return false
		}
		shown, ok := e.encode(fv.Assignment.encoder(), e.slots[id].value)
		if !ok || !sameJSON(shown, e.buf[fv.from:fv.to]) {
			return false
		}
	}
	return true
}

// encode writes a value of the message the way the field would be sent.
func (e *Evaluation) encode(f *schema.Field, r gjson.Result) ([]byte, bool) {
	v := schema.Value{Kind: schema.KindText, Text: r.Str}
	switch r.Type {
	case gjson.Null:
		return []byte("null"), true
	case gjson.Number:
		v = schema.Value{Kind: schema.KindNumber, Text: r.Raw}
	case gjson.True, gjson.False:
		v = schema.Value{Kind: schema.KindBool, Text: strconv.FormatBool(r.Bool())}
	case gjson.JSON:
		return nil, false
	}
	from := len(e.buf)
	buf, bad := f.AppendJSON(e.buf, v)
	e.buf = buf[:from]
	return buf[from:], bad == nil
}

// sameJSON compares scalars; outbound messages write every number as a double.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y
}

// cutBodies makes slices of the buffer, which does not move any more.
func (e *Evaluation) cutBodies() {
	for i := range e.Runs {
		for j := range e.Runs[i].Writes {
			w := &e.Runs[i].Writes[j]
			if w.State == Failed || w.to == 0 {
				continue
			}
			w.Body = e.buf[w.from:w.to:w.to]
			for k := range w.Fields {
				if f := &w.Fields[k]; f.Skipped == "" {
					f.JSON = e.buf[f.from:f.to:f.to]
				}
			}
		}
	}
}
