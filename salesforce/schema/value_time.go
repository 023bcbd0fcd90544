package schema

import "time"

// Salesforce takes dates from 1700 to 4000 ("SOAP API Developer Guide",
// Primitive Data Types).
const minYear, maxYear = 1700, 4000

func (f *Field) appendDate(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindText {
		return dst, f.wrongType(v, "send a text such as 2026-11-23")
	}
	y, m, d, rest, ok := cutDate(v.Text)
	switch {
	case ok && rest == "":
		if bad := f.checkYear(y, v); bad != nil {
			return dst, bad
		}
		return appendQuotedDate(dst, y, m, d), nil
	case ok && (rest[0] == 'T' || rest[0] == ' '):
		return dst, f.err(BadDate, "takes a date without a time, not "+show(v), "use date(...)")
	}
	return dst, f.err(BadDate, "takes a date, which "+show(v)+" is not", "write it as 2026-11-23, or use date(...)")
}

// appendDateTime takes RFC 3339 and the form in which Salesforce itself writes
// date-times, 2026-11-23T09:00:00.000+0000, and writes UTC to the millisecond.
func (f *Field) appendDateTime(dst []byte, v Value) ([]byte, *ValueError) {
	const form = "write it as 2026-11-23T09:00:00Z, or use datetime(...)"
	if v.Kind != KindText {
		return dst, f.wrongType(v, "send a text such as 2026-11-23T09:00:00Z, or use datetime(...)")
	}
	notOne := func() *ValueError {
		return f.err(BadDate, "takes a date and time, which "+show(v)+" is not", form)
	}
	y, m, d, rest, ok := cutDate(v.Text)
	switch {
	case !ok:
		return dst, notOne()
	case rest == "":
		return dst, f.err(BadDate, "takes a date and time, and "+show(v)+" has no time", "use datetime(...), or add the time and zone: "+v.Text+"T09:00:00Z")
	case rest[0] != 'T' && rest[0] != 't':
		return dst, notOne()
	}
	hour, minute, sec, milli, zone, ok := cutClock(rest[1:])
	if !ok {
		return dst, notOne()
	}
	if zone == "" {
		return dst, f.err(BadDate, "takes a date and time with its zone, and "+show(v)+" has no zone", "add Z for UTC or an offset such as +01:00")
	}
	offset, ok := zoneOffset(zone)
	if !ok {
		return dst, notOne()
	}
	if bad := f.checkYear(y, v); bad != nil {
		return dst, bad
	}
	t := time.Date(y, time.Month(m), d, hour, minute, sec, milli*1e6, time.UTC).Add(-offset)
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	return append(dst, '"'), nil
}

func (f *Field) appendTime(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindText {
		return dst, f.wrongType(v, "send a text such as 13:30:00")
	}
	hour, minute, sec, milli, zone, ok := cutClock(v.Text)
	if !ok || zone != "" && zone != "Z" {
		return dst, f.err(BadDate, "takes a time of day, which "+show(v)+" is not", "write it as 13:30:00, without an offset")
	}
	dst = append(dst, '"')
	dst = append2(dst, hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), sec)
	dst = append(dst, '.', byte('0'+milli/100))
	dst = append2(dst, milli%100)
	return append(dst, 'Z', '"'), nil
}

func (f *Field) checkYear(y int, v Value) *ValueError {
	if y < minYear || y > maxYear {
		return f.err(BadDate, "takes years from 1700 to 4000, and "+show(v)+" is outside", "")
	}
	return nil
}

// cutDate reads yyyy-MM-dd at the start of s and checks that the day exists.
func cutDate(s string) (y, m, d int, rest string, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, 0, 0, "", false
	}
	hi, ok1 := two(s)
	lo, ok2 := two(s[2:])
	m, ok3 := two(s[5:])
	d, ok4 := two(s[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, 0, 0, "", false
	}
	y = hi*100 + lo
	if t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); t.Month() != time.Month(m) || t.Day() != d {
		return 0, 0, 0, "", false
	}
	return y, m, d, s[10:], true
}

// cutClock reads HH:mm[:ss[.fraction]] and returns what follows as the zone.
// Digits beyond milliseconds are dropped, as Salesforce does.
func cutClock(s string) (hour, minute, sec, milli int, zone string, ok bool) {
	if len(s) < 5 || s[2] != ':' {
		return
	}
	hour, ok1 := two(s)
	minute, ok2 := two(s[3:])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return
	}
	s = s[5:]
	if len(s) >= 3 && s[0] == ':' {
		if sec, ok = two(s[1:]); !ok || sec > 59 {
			return 0, 0, 0, 0, "", false
		}
		s = s[3:]
		if len(s) >= 2 && s[0] == '.' && isDigit(s[1]) {
			i := 1
			for scale := 100; i < len(s) && isDigit(s[i]); i++ {
				milli += int(s[i]-'0') * scale
				scale /= 10
			}
			s = s[i:]
		}
	}
	return hour, minute, sec, milli, s, true
}

// zoneOffset reads Z, ±HH:mm or ±HHmm.
func zoneOffset(s string) (time.Duration, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) == 6 && s[3] == ':' {
		return signedOffset(s[0], s[1:3], s[4:6])
	}
	if len(s) == 5 {
		return signedOffset(s[0], s[1:3], s[3:5])
	}
	return 0, false
}

func signedOffset(sign byte, hh, mm string) (time.Duration, bool) {
	h, ok1 := two(hh)
	m, ok2 := two(mm)
	if !ok1 || !ok2 || h > 23 || m > 59 || sign != '+' && sign != '-' {
		return 0, false
	}
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if sign == '-' {
		d = -d
	}
	return d, true
}

func two(s string) (int, bool) {
	if !isDigit(s[0]) || !isDigit(s[1]) {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

func append2(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

func appendQuotedDate(dst []byte, y, m, d int) []byte {
	dst = append(dst, '"')
	dst = append2(append2(dst, y/100), y%100)
	dst = append2(append(dst, '-'), m)
	dst = append2(append(dst, '-'), d)
	return append(dst, '"')
}
