package plan

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "time/tzdata" // time zones are part of the language, whatever the machine has
)

const (
	dateForm     = "2006-01-02"
	dateTimeForm = "2006-01-02T15:04:05.000Z"
)

// dateTimeForms are the date-times that are read, the usual first. Salesforce
// itself writes offsets without a colon.
var dateTimeForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00",
}

// localForms are date-times without an offset; they need a time zone.
var localForms = []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// parseDateTime reads a date-time that carries its offset.
func parseDateTime(s string) (time.Time, bool) {
	for _, form := range dateTimeForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func formatDateTime(t time.Time) string { return t.UTC().Format(dateTimeForm) }

func parseDate(s string) (time.Time, bool) {
	t, err := time.Parse(dateForm, s)
	return t, err == nil
}

var zones sync.Map // name -> *time.Location: loading one parses its whole table

func zone(args []any) (*time.Location, error) {
	if len(args) < 2 {
		return time.UTC, nil
	}
	name := args[1].(string)
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	// A file path is no zone, and the machine's own zone would not be the same everywhere.
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone; one is written like Europe/Berlin", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%s is no time zone; one is written like Europe/Berlin", quoteValue(name))
	}
	zones.Store(name, z)
	return z, nil
}

func toDate(a []any) (any, error) {
	s := strings.TrimSpace(a[0].(string))
	if s == "" {
		return nil, nil
	}
	z, err := zone(a)
	if err != nil {
		return nil, err
	}
	if _, ok := parseDate(s); ok {
		return s, nil
	}
	if t, ok := parseDateTime(s); ok {
		return t.In(z).Format(dateForm), nil
	}
	for _, form := range localForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.Format(dateForm), nil
		}
	}
	return nil, fmt.Errorf("date cannot read a date from %s; one is written like 2026-11-23", quoteValue(s))
}

func toDateTime(a []any) (any, error) {
	s := strings.TrimSpace(a[0].(string))
	if s == "" {
		return nil, nil
	}
	z, err := zone(a)
	if err != nil {
		return nil, err
	}
	if t, ok := parseDateTime(s); ok {
		return formatDateTime(t), nil
	}
	for _, form := range append([]string{dateForm}, localForms...) {
		if t, err := time.ParseInLocation(form, s, z); err == nil {
			return formatDateTime(t), nil
		}
	}
	return nil, fmt.Errorf("datetime cannot read a date-time from %s; one is written like 2026-11-23T14:03:00Z", quoteValue(s))
}

var durationPattern = regexp.MustCompile(`^([+-]?\d{1,6})\s*(s|m|h|d|w|mo|y)$`)

// duration is a step in time; days, months and years are the calendar's.
type duration struct {
	years, months, days int
	clock               time.Duration
}

func parseDuration(s string) (duration, error) {
	m := durationPattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return duration{}, fmt.Errorf("%s is no duration; one is a whole number and s, m, h, d, w, mo or y, such as 5d", quoteValue(s))
	}
	n, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "s":
		return duration{clock: time.Duration(n) * time.Second}, nil
	case "m":
		return duration{clock: time.Duration(n) * time.Minute}, nil
	case "h":
		return duration{clock: time.Duration(n) * time.Hour}, nil
	case "d":
		return duration{days: n}, nil
	case "w":
		return duration{days: 7 * n}, nil
	case "mo":
		return duration{months: n}, nil
	default:
		return duration{years: n}, nil
	}
}

// addTo takes the last day of a month that is too short, as ADDMONTHS of Salesforce's
// formulas does ("Formula Operators and Functions"), and not the first days of the next.
func (d duration) addTo(t time.Time) time.Time {
	if d.years != 0 || d.months != 0 {
		first := t.AddDate(d.years, d.months, 1-t.Day())
		t = first.AddDate(0, 0, min(t.Day(), first.AddDate(0, 1, -1).Day())-1)
	}
	return t.AddDate(0, 0, d.days).Add(d.clock)
}

func dateAdd(a []any) (any, error) {
	s := strings.TrimSpace(a[0].(string))
	if s == "" {
		return nil, nil
	}
	d, err := parseDuration(a[1].(string))
	if err != nil {
		return nil, err
	}
	t, isDate := parseDate(s)
	if !isDate {
		var ok bool
		if t, ok = parseDateTime(s); !ok {
			return nil, fmt.Errorf("date_add needs a date or a date-time with its offset, and got %s", quoteValue(s))
		}
	}
	if isDate && d.clock != 0 {
		return nil, fmt.Errorf("a date has no hours; use datetime(…) to add %s", quoteValue(a[1]))
	}
	t = d.addTo(t)
	if t.Year() < 1 || t.Year() > 9999 {
		return nil, fmt.Errorf("date_add leaves the calendar")
	}
	if isDate {
		return t.Format(dateForm), nil
	}
	return formatDateTime(t), nil
}

// roundDecimal rounds half away from zero in decimal.
func roundDecimal(n float64, digits int) float64 {
	if math.Abs(n) >= 1<<53 {
		return n
	}
	s := strconv.FormatFloat(math.Abs(n), 'f', -1, 64)
	point := strings.IndexByte(s, '.')
	if point < 0 || len(s)-point-1 <= digits {
		return n
	}
	up := s[point+1+digits] >= '5'
	kept, _ := strconv.ParseFloat(s[:point+1+digits], 64)
	if up {
		kept, _ = strconv.ParseFloat(strconv.FormatFloat(kept+math.Pow10(-digits), 'f', digits, 64), 64)
	}
	return math.Copysign(kept, n)
}
