package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/dsl"
)

// valuesEvent is what the expressions of these tests read. Its "none" is missing.
const valuesEvent = `{"id":"e-1","type":"survey.response","time":"2026-11-20T14:03:00+01:00",
 "distribution":{"status":"Responded","time":"2026-11-20T13:03:00Z"},
 "survey":{"id":"nps"},"response":{"id":"r-1","date":"2026-11-20T13:00:00.000+0000"},
 "answers":{"nine":9,"three":3,"half":0.5,"neg":-4,"zero":0,"big":12345678901234567890,"id":9007199254740993,"ids":[9007199254740992,9007199254740993],"text":"Ann","blank":"","spaces":"  ","num":"42","null":null,
  "yes":true,"no":false,"list":["a","b",null,3],"empty":[],"object":{"a":{"b":1}},"deep":{"x y":{"z":7}},"when":"2026-11-20T10:00:00Z","day":"2026-11-20",
  "a.b":"dotted","*":"star","#":"hash","@this":"at","a|b":"pipe"},
 "vars":{"n":1}}`

// evalExpr evaluates an expression over an event.
func evalExpr(t testing.TB, text, event string) (any, error) {
	t.Helper()
	c, x := compileOf(text)
	if x.program == nil {
		t.Fatalf("%s: %s", text, show(c.diagnostics))
	}
	return evalCompiled(c.plan, x, event)
}

func evalCompiled(p *Plan, x *Expression, event string) (any, error) {
	var e Evaluation
	if x.constant {
		return e.eval(x)
	}
	// A rule around the expression makes the plan that reads its paths.
	p.anySurvey = &group{paths: newNode(), rules: nil}
	p.addPaths(p.anySurvey.paths, &Rule{Guard: x})
	if err := p.Eval(&e, event, ""); err != nil {
		return nil, err
	}
	return e.eval(x)
}

func TestExpressions(t *testing.T) {
	list := func(v ...any) []any { return v }
	tests := []struct {
		expr string
		want any // an error's text stands in an errorText
	}{
		// Paths.
		{`answers.nine`, 9.0},
		{`answers.none`, nil},
		{`answers.none.deeper`, nil},
		{`answers.nine.deeper`, nil},
		{`answers.object.a.b`, 1.0},
		{`answers["text"]`, "Ann"},
		{`answers.deep["x y"].z`, 7.0},
		{`answers["a.b"]`, "dotted"},
		{`answers["*"] + answers["#"] + answers["@this"] + answers["a|b"]`, "starhashatpipe"},
		{`answers?.object?.a?.b`, 1.0},
		{`answers.list[0]`, "a"},
		{`answers.list[-1]`, 3.0},
		{`answers.list[2]`, nil},
		{`answers.list[9]`, nil},

		// Dates are compared by time, however a literal is written.
		{`event.time > "2026-11-20T13:02:59Z"`, true},
		{`event.time >= "2026-11-20T13:03:00Z"`, true},
		{`event.time == "2026-11-20T14:03:00+01:00"`, true},
		{`"2026-11-20T13:03:00Z" < event.time`, false},
		{`event.time > "2026-11-20"`, true},
		{`event.time < "2026-11-20"`, false},
		{`date(event.time) <= "2026-11-20"`, true},

		// Whole numbers of more digits than can be calculated with stay what they are.
		{`answers.big ?? 1`, exactNumber("12345678901234567890")},
		{`answers.none ?? answers.big`, exactNumber("12345678901234567890")},
		{`text(answers.big)`, "12345678901234567890"},
		{`number(answers.big)`, exactNumber("12345678901234567890")},
		{`join([answers.big, 1], "-")`, "12345678901234567890-1"},
		{`last(answers.ids)`, exactNumber("9007199254740993")},
		{`first(answers.ids)`, 9007199254740992.0},
		{`answers.big == 1`, false},
		{`answers.big == answers.big`, true},
		{`answers.big != null`, true},
		{`answers.id == 9007199254740993`, true},
		{`answers.id == 9007199254740992`, false},
		{`answers.id in [1, 9007199254740993]`, true},
		{`9007199254740993 == 9007199254740993`, true},
		{`answers.big > 1`, errorText("`>` does not work between a number of more than 15 digits and a number")},
		{`answers.big + 1`, errorText("12345678901234567890 has more digits than can be calculated with")},
		{`answers.big - 1`, errorText("`-` does not work between a number of more than 15 digits and a number")},
		{`answers.big / 2`, errorText("12345678901234567890 has more digits than can be calculated with")},
		{`-answers.big`, errorText("`-` needs a number, and this is a number of more than 15 digits")},
		{`round(answers.big)`, errorText("12345678901234567890 has more digits than can be calculated with")},
		{`answers.list[answers.big]`, errorText("12345678901234567890 has more digits than can be calculated with")},
		{`answers.list[-9]`, nil},
		{`answers.list[0.5]`, nil},
		{`answers.list[answers.none]`, nil},
		{`answers.none[0]`, nil},
		{`answers.list[answers.three]`, 3.0},
		{`["x", "y"][1]`, "y"},
		{`[answers.nine, answers.none]`, list(9.0, nil)},
		{`answers.text[0]`, errorText("only a list has items, and this is \"Ann\"")},
		{`answers.list["0" == "0" ? answers.text : 0]`, errorText("an item of a list is found by its number, and got \"Ann\"")},
		{`event.id`, "e-1"},
		{`event.time`, "2026-11-20T13:03:00.000Z"},
		{`response.date`, "2026-11-20T13:00:00.000Z"},

		// Literals.
		{`"tab\tquote\" é \u00e9"`, "tab\tquote\" é é"},
		{`'single'`, "single"},
		{`null`, nil},
		{`-5`, -5},
		{`0x10`, 16},
		{`1e3`, 1000.0},
		{`12345678901234567`, 12345678901234567},

		// Calculation: with a missing value the result is missing.
		{`answers.nine + answers.three`, 12.0},
		{`answers.nine - answers.three * 2`, 3.0},
		{`answers.nine / answers.three`, 3.0},
		{`7 / 2`, 3.5},
		{`2 ** 3 ** 2`, 512.0},
		{`-answers.nine`, -9.0},
		{`-answers.none`, nil},
		{`+answers.nine`, 9.0},
		{`answers.none + 1`, nil},
		{`1 - answers.none`, nil},
		{`answers.none * answers.none`, nil},
		{`answers.none / 0`, nil},
		{`answers.nine / answers.none`, nil},
		{`answers.null + 1`, nil},
		{`answers.nine / answers.zero`, errorText("9 / 0 has no result")},
		{`answers.nine / answers.zero > 3`, errorText("9 / 0 has no result")},
		{`answers.neg ** answers.half`, errorText("-4 ** 0.5 has no result")},
		{`answers.nine * 1e308`, errorText("the result is too large to be a number")},
		{`9007199254740993 * 9007199254740993 > 0`, true},
		{`answers.nine + "x"`, errorText("\"x\" cannot be added to 9; text(…) makes text of a number")},
		{`answers.text * 2`, errorText("`*` does not work between text and a number")},
		{`answers.text - 2`, errorText("`-` does not work between text and a number")},
		{`answers.text / 2`, errorText("`/` does not work between text and a number")},
		{`-answers.text`, errorText("`-` needs a number, and this is text")},
		{`"Dear " + answers.text`, "Dear Ann"},
		{`"Dear " + answers.none`, nil},
		{`answers.text + answers.text`, "AnnAnn"},

		// Comparison: of order with a missing value is missing, == and != always answer.
		{`answers.nine > 3`, true},
		{`answers.nine <= answers.three`, false},
		{`answers.none > 3`, nil},
		{`3 >= answers.none`, nil},
		{`answers.none < answers.null`, nil},
		{`answers.nine == 9`, true},
		{`answers.nine == 9.0`, true},
		{`answers.nine != 9`, false},
		{`answers.none == null`, true},
		{`answers.none != null`, false},
		{`answers.none == 3`, false},
		{`answers.none != 3`, true},
		{`answers.none == answers.null`, true},
		{`answers.text == answers.nine`, false},
		{`answers.text == "Ann"`, true},
		{`answers.text < "Bob"`, true},
		{`answers.list == ["a", "b", null, 3]`, true},
		{`answers.text < 3`, errorText("`<` does not work between text and a number")},
		{`answers.yes > 3`, errorText("`>` does not work between true or false and a number")},

		// A chain compares its middle twice.
		{`0 <= answers.three <= 6`, true},
		{`0 <= answers.nine <= 6`, false},
		{`0 <= answers.none <= 6`, nil},
		{`1 < answers.three < answers.nine < 10`, true},
		{`1 < 2 < 3 == true`, true},

		// Dates and date-times compare as points in time, whatever their offset.
		{`event.time == distribution.time`, true},
		{`event.time > response.date`, true},
		{`event.time < "2027-01-01"`, true},
		{`date(event.time) == "2026-11-20"`, true},
		{`datetime(answers.when) < distribution.time`, true},

		// and, or and not reckon with missing values as SQL does.
		{`answers.yes and answers.yes`, true},
		{`answers.yes and answers.no`, false},
		{`answers.no and answers.none`, false},
		{`answers.none and answers.no`, false},
		{`answers.none and answers.yes`, nil},
		{`answers.yes and answers.none`, nil},
		{`answers.none and answers.none`, nil},
		{`answers.yes or answers.none`, true},
		{`answers.none or answers.yes`, true},
		{`answers.none or answers.no`, nil},
		{`answers.no or answers.none`, nil},
		{`answers.no or answers.no`, false},
		{`answers.none || answers.none`, nil},
		{`answers.yes && answers.no`, false},
		{`not answers.yes`, false},
		{`!answers.no`, true},
		{`not answers.none`, nil},
		{`not (answers.none > 3) or answers.yes`, true},
		{`answers.nine > 3 and answers.three > 5 or answers.yes`, true},
		{`answers.no and answers.text`, false},
		{`answers.yes and answers.text`, errorText("a condition needs true or false, and got \"Ann\"; bool(…) reads yes and no")},
		{`answers.text or answers.yes`, errorText("a condition needs true or false, and got \"Ann\"; bool(…) reads yes and no")},

		// Choice.
		{`answers.nine > 3 ? "high" : "low"`, "high"},
		{`answers.no ? "high" : "low"`, "low"},
		{`answers.none > 3 ? "high" : "low"`, nil},
		{`(answers.none > 3 ? "high" : "low") ?? "unknown"`, "unknown"},
		{`answers.yes ? answers.none : 1`, nil},
		{`answers.none ?? "x"`, "x"},
		{`answers.null ?? "x"`, "x"},
		{`answers.blank ?? "x"`, ""},
		{`answers.no ?? true`, false},
		{`answers.none ?? answers.null ?? 0`, 0},
		{`answers.text ? 1 : 2`, errorText("a condition needs true or false, and got \"Ann\"; bool(…) reads yes and no")},

		// Membership and text.
		{`answers.nine in [1, 9]`, true},
		{`answers.nine not in [1, 9]`, false},
		{`answers.text in ["Bob"]`, false},
		{`"a" in answers.list`, true},
		{`answers.none in ["a"]`, false},
		{`answers.none in [null]`, true},
		{`answers.text in answers.none`, false},
		{`answers.text contains "nn"`, true},
		{`answers.text startsWith "A"`, true},
		{`answers.text endsWith "A"`, false},
		{`answers.none contains "a"`, nil},
		{`answers.text matches "^A.n$"`, true},
		{`answers.none matches "^A"`, nil},
		{`answers.nine contains "a"`, errorText("a number stands where text is needed")},
		{`answers.nine in answers.text`, errorText("`in` needs a list, and this is text")},

		// Functions take null for null.
		{`trim(answers.spaces)`, ""},
		{`trim(answers.none)`, nil},
		{`trim(answers.nine)`, errorText("trim needs text, and got 9")},
		{`upper(answers.text) + lower(answers.text)`, "ANNann"},
		{`replace(answers.text, "n", "")`, "A"},
		{`replace(answers.text, answers.blank, "x")`, errorText("replace needs the text that it should look for")},
		{`replace(answers.text, answers.none, "x")`, nil},
		{`split("a; b;;c", ";")`, list("a", "b", "", "c")},
		{`split(answers.text, answers.blank)`, errorText("split needs a separator")},
		{`join(answers.list)`, "a, b, 3"},
		{`join(answers.list, "")`, "ab3"},
		{`join(answers.empty)`, ""},
		{`join([answers.object])`, errorText("a list can be joined only when its items are texts or numbers, and one is an object")},
		{`truncate("Grüße", 3)`, "Gr…"},
		{`truncate("Grüße", 5)`, "Grüße"},
		{`truncate("abc", answers.none)`, nil},
		{`truncate("abc", answers.half)`, errorText("truncate needs a length of 1 or more, and got 0.5")},
		{`number(answers.num) + 1`, 43.0},
		{`number(" 4.5 ")`, 4.5},
		{`number(answers.blank)`, nil},
		{`number(answers.spaces)`, nil},
		{`number(answers.yes) + number(answers.no)`, 1.0},
		{`number(answers.nine)`, 9.0},
		{`number(answers.text)`, errorText("number cannot read a number from \"Ann\"")},
		{`number("0x10")`, errorText("number cannot read a number from \"0x10\"")},
		{`number("1e999")`, errorText("number cannot read a number from \"1e999\"")},
		{`number("Infinity")`, errorText("number cannot read a number from \"Infinity\"")},
		{`round(2.5)`, 3.0},
		{`round(-2.5)`, -3.0},
		{`round(1.005, 2)`, 1.01},
		{`round(9.995, 2)`, 10.0},
		{`round(0.5)`, 1.0},
		{`round(0.4)`, 0.0},
		{`round(answers.half, 1)`, 0.5},
		{`round(1e300, 2)`, 1e300},
		{`round(1, answers.neg)`, errorText("round needs 0 to 15 digits, and got -4")},
		{`floor(-1.5)`, -2.0},
		{`ceil(-1.5)`, -1.0},
		{`abs(answers.neg)`, 4.0},
		{`min(answers.nine, 3, 5)`, 3.0},
		{`max(answers.nine)`, 9.0},
		{`max(answers.nine, answers.none)`, nil},
		{`text(answers.nine)`, "9"},
		{`text(answers.half)`, "0.5"},
		{`text(-answers.zero) + text(round(-0.4))`, "00"},
		{`text(1e21)`, "1000000000000000000000"},
		{`text(answers.yes)`, "true"},
		{`text(answers.list)`, errorText("text needs text, a number or true or false, and got a list")},
		{`bool("Yes")`, true},
		{`bool(" off ")`, false},
		{`bool("X")`, true},
		{`bool(1)`, true},
		{`bool(answers.zero)`, false},
		{`bool(answers.no)`, false},
		{`bool(answers.blank)`, nil},
		{`bool(answers.text)`, errorText("bool reads yes, true, on, y, x, 1 and no, false, off, n, 0, and got \"Ann\"")},
		{`bool(answers.nine)`, errorText("bool reads yes, true, on, y, x, 1 and no, false, off, n, 0, and got 9")},
		{`date(answers.day)`, "2026-11-20"},
		{`date("2026-11-20T23:30:00Z", "Europe/Berlin")`, "2026-11-21"},
		{`date("2026-11-20T23:30:00Z")`, "2026-11-20"},
		{`date("2026-11-20 23:30")`, "2026-11-20"},
		{`date(answers.blank)`, nil},
		{`date(answers.text)`, errorText("date cannot read a date from \"Ann\"; one is written like 2026-11-23")},
		{`date(answers.day, answers.text)`, errorText("\"Ann\" is no time zone; one is written like Europe/Berlin")},
		{`date(answers.day, answers.none)`, nil},
		{`datetime(answers.day)`, "2026-11-20T00:00:00.000Z"},
		{`datetime("2026-07-01", "America/New_York")`, "2026-07-01T04:00:00.000Z"},
		{`datetime("2026-11-20 10:00", "Asia/Kolkata")`, "2026-11-20T04:30:00.000Z"},
		{`datetime("2026-11-20T10:00:00+0100")`, "2026-11-20T09:00:00.000Z"},
		{`datetime("2026-11-20T10:00:00.123456Z")`, "2026-11-20T10:00:00.123Z"},
		{`datetime(answers.blank)`, nil},
		{`datetime(answers.day, lower("LOCAL"))`, errorText("\"local\" is no time zone; one is written like Europe/Berlin")},
		{`datetime(answers.day, answers.blank)`, errorText("\"\" is no time zone; one is written like Europe/Berlin")},
		{`datetime(answers.text)`, errorText("datetime cannot read a date-time from \"Ann\"; one is written like 2026-11-23T14:03:00Z")},
		{`date_add("2024-02-29", "1y")`, "2025-02-28"},
		{`date_add("2024-02-29", "4y")`, "2028-02-29"},
		{`date_add("2026-01-31", "1mo")`, "2026-02-28"},
		{`date_add("2026-03-31", "-1mo")`, "2026-02-28"},
		{`date_add("2026-12-31", "2mo")`, "2027-02-28"},
		{`date_add("2026-01-31T10:00:00Z", "1mo")`, "2026-02-28T10:00:00.000Z"},
		{`date_add("2026-11-20", "-3w")`, "2026-10-30"},
		{`date_add("2026-11-20", "2mo")`, "2027-01-20"},
		{`date_add(event.time, "90m")`, "2026-11-20T14:33:00.000Z"},
		{`date_add(event.time, "36h")`, "2026-11-22T01:03:00.000Z"},
		{`date_add(event.time, "10s")`, "2026-11-20T13:03:10.000Z"},
		{`date_add(answers.blank, "1d")`, nil},
		{`date_add(answers.none, "1d")`, nil},
		{`date_add(answers.day, answers.text)`, errorText("\"Ann\" is no duration; one is a whole number and s, m, h, d, w, mo or y, such as 5d")},
		{`date_add(answers.day, "1h")`, errorText("a date has no hours; use datetime(…) to add \"1h\"")},
		{`date_add("9999-12-31", "1d")`, errorText("date_add leaves the calendar")},
		{`date_add("2026-11-20T10:00", "1d")`, errorText("date_add needs a date or a date-time with its offset, and got \"2026-11-20T10:00\"")},
		{`first(answers.list)`, "a"},
		{`last(answers.list)`, 3.0},
		{`first(answers.empty)`, nil},
		{`first(answers.none)`, nil},
		{`first(answers.text)`, errorText("first needs a list, and got \"Ann\"")},
		{`multi("a", answers.none, ["b", null, "c"])`, "a;b;c"},
		{`multi(answers.none)`, nil},
		{`multi(answers.empty)`, nil},
		{`multi("a;b")`, errorText("a value of a multi-select picklist cannot contain a semicolon, and one is \"a;b\"")},
		{`multi(answers.nine)`, errorText("multi needs text or a list, and got 9")},
		{`id18("0035g00000AbCdE")`, "0035g00000AbCdEAAV"},
		{`id18(" 0035g00000AbCdEAAV ")`, "0035g00000AbCdEAAV"},
		{`id18("0035g00000AbCdEAAX")`, errorText("id18 needs a Salesforce record id, and got \"0035g00000AbCdEAAX\"")},
		{`nps_group(answers.zero)`, "Detractor"},
		{`nps_group(6)`, "Detractor"},
		{`nps_group(7)`, "Passive"},
		{`nps_group(8.5)`, "Promoter"},
		{`nps_group(answers.neg)`, errorText("nps_group needs a score from 0 to 10, and got -4")},
		{`nps_group(answers.none)`, nil},
	}
	for _, test := range tests {
		c, x := compileOf(test.expr)
		var got any
		var err error
		switch {
		case x.program == nil:
			t.Errorf("%s does not compile: %s", test.expr, show(c.diagnostics))
			continue
		case len(c.diagnostics) > 0:
			err = fmt.Errorf("%s", c.diagnostics[0].Message)
		default:
			got, err = evalCompiled(c.plan, x, valuesEvent)
		}
		if want, ok := test.want.(errorText); ok {
			if err == nil {
				t.Errorf("%s = %#v, want the error %q", test.expr, got, want)
			} else if runMessage(err) != string(want) {
				t.Errorf("%s: error %q, want %q", test.expr, runMessage(err), want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %s", test.expr, runMessage(err))
		} else if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s = %#v, want %#v", test.expr, got, test.want)
		}
		if k := kindOfValue(got); got != nil && x.kinds&k == 0 && !(k == Text && x.kinds&textual != 0) || got == nil && x.kinds&Null == 0 {
			t.Errorf("%s is %#v, and was taken for %s (%b)", test.expr, got, x.kinds, x.kinds)
		}
	}
}

type errorText string

// Each function's example is what the manual prints, so it must hold.
func TestFunctionExamples(t *testing.T) {
	form := regexp.MustCompile(`^(.*\)) = (.+)$`)
	for _, f := range Functions() {
		m := form.FindStringSubmatch(f.Example)
		if m == nil || !strings.HasPrefix(f.Example, f.Name+"(") {
			t.Errorf("%s: the example %q is no call and its value", f.Name, f.Example)
			continue
		}
		got, err := evalExpr(t, m[1], valuesEvent)
		want, wantErr := evalExpr(t, m[2], valuesEvent)
		if err != nil || wantErr != nil || sprint(got) != sprint(want) {
			t.Errorf("%s: %s = %v (%v), want %v", f.Name, m[1], got, err, want)
		}
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || f.Result&^Null == 0 {
			t.Errorf("%s is not documented", f.Name)
		}
		if looked, ok := LookupFunction(f.Name); !ok || looked.Signature() != f.Signature() || !strings.HasPrefix(f.Signature(), f.Name+"(") {
			t.Errorf("%s: looked up %q", f.Name, looked.Signature())
		}
	}
	if _, ok := LookupFunction("len"); ok {
		t.Error("expr's own functions are off")
	}
	for name, want := range map[string]string{"truncate": "truncate(text, length)", "join": "join(list[, separator])", "min": "min(number…)", "date": "date(value[, zone])"} {
		if f, _ := LookupFunction(name); f.Signature() != want {
			t.Errorf("%s is written %s, want %s", name, f.Signature(), want)
		}
	}
}

func sprint(v any) string {
	if n, ok := v.(float64); ok {
		v = n + 0 // -0 is 0
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// What check works out beforehand is what a run works out: an expression of literals
// has the value, or the error, of the same expression over an event with those values.
func TestConstantsFoldAsTheyRun(t *testing.T) {
	literals := []string{"9", "3", "0.5", "(-4)", "0", `"Ann"`, `""`, `"42"`, "null", "true", "false", `"2026-11-20"`, `"2026-11-20T10:00:00Z"`, `["a","b",null,3]`, "[]"}
	paths := []string{"nine", "three", "half", "neg", "zero", "text", "blank", "num", "none", "yes", "no", "day", "when", "list", "empty"}
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t: t, literals: literals, paths: paths}
		literal, path := g.expression(3)
		c1, x1 := compileOf(literal)
		c2, x2 := compileOf(path)
		if x2.program == nil || len(c2.diagnostics) > 0 {
			return // check refuses it whatever the event brings
		}
		want, wantErr := evalCompiled(c2.plan, x2, valuesEvent)
		switch {
		case wantErr != nil:
			if len(c1.diagnostics) == 0 {
				t.Fatalf("%s fails at run (%v) and passes check as %s = %v", path, wantErr, literal, x1.value)
			}
		case len(c1.diagnostics) > 0:
			// Check knows the kinds of literals and refuses more, but never what has a value that is there
			// and of the right kind: only what mixes kinds.
			if code := c1.diagnostics[0].Code; code != "S130" && code != "S131" && code != "S132" {
				t.Fatalf("%s: %s", literal, show(c1.diagnostics))
			}
		case !x1.constant:
			t.Fatalf("%s needs no event and is no constant", literal)
		case sprint(x1.value) != sprint(want):
			t.Fatalf("%s = %s in check, and %s = %s at run", literal, sprint(x1.value), path, sprint(want))
		}
	})
}

// compileOf compiles an expression as one of a rule on a response.
func compileOf(text string) (*compilation, *Expression) {
	c := &compilation{config: newConfig(), variableByKey: map[string]int{}, variableOfLet: map[*Expression]int{}, samples: newSamples(nil), plan: &Plan{}}
	src := dsl.NewSource("expression", []byte(text))
	e := &dsl.Expr{Span: dsl.Span{From: 0, To: len(src.Text)}, Text: src.Text}
	x := c.expression(e, &scope{source: src, known: true, trigger: dsl.SurveyResponse})
	c.plan.variables = c.variables
	return c, x
}

// generator makes the same expression twice, over literals and over paths.
type generator struct {
	t               *rapid.T
	literals, paths []string
}

func (g *generator) expression(depth int) (literal, path string) {
	if depth == 0 || rapid.IntRange(0, 3).Draw(g.t, "leaf") == 0 {
		i := rapid.IntRange(0, len(g.literals)-1).Draw(g.t, "value")
		return g.literals[i], "answers." + g.paths[i]
	}
	sub := func() (string, string) { return g.expression(depth - 1) }
	switch rapid.IntRange(0, 3).Draw(g.t, "form") {
	case 0:
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "==", "!=", "<", ">=", "and", "or", "??", "in", "contains", "**"}).Draw(g.t, "operator")
		l1, l2 := sub()
		r1, r2 := sub()
		return "(" + l1 + " " + op + " " + r1 + ")", "(" + l2 + " " + op + " " + r2 + ")"
	case 1:
		a1, a2 := sub()
		b1, b2 := sub()
		c1, c2 := sub()
		return "(" + a1 + " ? " + b1 + " : " + c1 + ")", "(" + a2 + " ? " + b2 + " : " + c2 + ")"
	case 2:
		op := rapid.SampledFrom([]string{"not ", "-"}).Draw(g.t, "unary")
		a1, a2 := sub()
		return "(" + op + a1 + ")", "(" + op + a2 + ")"
	default:
		f := functions[rapid.IntRange(0, len(functions)-1).Draw(g.t, "function")]
		var l, p []string
		for _, param := range f.Params {
			if param.Optional {
				break
			}
			a1, a2 := sub()
			l, p = append(l, a1), append(p, a2)
		}
		return f.Name + "(" + strings.Join(l, ", ") + ")", f.Name + "(" + strings.Join(p, ", ") + ")"
	}
}

// An expression takes time by its length, however it is nested.
func TestNestedExpressions(t *testing.T) {
	for _, nest := range []struct{ form, inner string }{
		{"(1 < (%s) < 3 ? 1 : 2)", "answers.a"},
		{"((%s) ?: 1)", "answers.a"},
		{"trim(1 < (%s) < 3 ? \"a\" : \"b\")", "answers.a"},
		{"[0 < (%s)[0] < 3 ? 1 : 2]", "answers.a"},
		{"((%s) + 1)", "answers.a"},
		{"((%s) and answers.b)", "answers.a"},
		{"((%s) > 3 ? 1 : answers.n)", "answers.a"},
		{"((%s) ?? answers.n)", "answers.a"},
		{"abs(%s)", "answers.a"},
	} {
		text := nest.inner
		for range 40 {
			text = strings.Replace(nest.form, "%s", text, 1)
		}
		start := time.Now()
		c, x := compileOf(text)
		for _, d := range c.diagnostics {
			checkDiagnostic(t, d.Source, d)
		}
		if x.program != nil && c.errors == 0 {
			if _, err := evalCompiled(c.plan, x, valuesEvent); err != nil {
				t.Logf("%s: %v", nest.form, err)
			}
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s, forty times in itself, takes %v", nest.form, d)
		}
	}
}
