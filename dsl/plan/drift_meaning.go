package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// meaning says what a change of the schema means for one place of the rules. It
// returns "" where it means nothing.
func (u *use) meaning(c schema.Change) (DriftSeverity, string) {
	gained := c.After == "yes"
	switch u.role {
	case touches:
		return u.objectMeaning(c, gained)
	case leaves:
		if c.Aspect == schema.AspectDefault {
			return ChangesMeaning, fmt.Sprintf("the rule leaves it out, so a new record gets %s", defaultText(c))
		}
		if c.Aspect == schema.AspectRequired && gained {
			return Breaks, "a new record needs it, and the rule does not set it"
		}
		return "", ""
	case reads:
		return u.readMeaning(c, gained)
	case finds, findsMore:
		return u.keyMeaning(c, gained)
	}
	return u.writeMeaning(c, gained)
}

func (u *use) objectMeaning(c schema.Change, gained bool) (DriftSeverity, string) {
	switch c.Aspect {
	case schema.AspectExists:
		if !gained {
			return Breaks, "the object is " + c.String()
		}
	case schema.AspectCreateable, schema.AspectUpdateable:
		if u.action == nil || !u.needs(c.Aspect) {
			return "", ""
		}
		if gained {
			return Harmless, "the object " + c.String()
		}
		return Breaks, "the object " + c.String()
	}
	return "", ""
}

func (u *use) readMeaning(c schema.Change, gained bool) (DriftSeverity, string) {
	switch c.Aspect {
	case schema.AspectExists:
		if !gained {
			return Breaks, "the rule reads it, and it is " + c.String()
		}
	case schema.AspectType:
		return ChangesMeaning, fmt.Sprintf("the rule reads it as %s, and it is %s now", c.Before, c.After)
	case schema.AspectFormula:
		return ChangesMeaning, "the rule reads it, and its formula is another one"
	case schema.AspectValueRemoved:
		if u.compares(c.Before) {
			return ChangesMeaning, fmt.Sprintf("the rule compares it with %q, which can no longer be chosen", c.Before)
		}
	case schema.AspectValueAdded:
		return Harmless, fmt.Sprintf("it can be %q now", c.After)
	}
	return "", ""
}

func (u *use) keyMeaning(c schema.Change, gained bool) (DriftSeverity, string) {
	record := "the record"
	if u.role == findsMore {
		record = "the parent"
	}
	switch c.Aspect {
	case schema.AspectExists, schema.AspectExternalID, schema.AspectIDLookup:
		if gained {
			return "", ""
		}
		return Breaks, fmt.Sprintf("%s is found by it, and it is %s", record, c.String())
	case schema.AspectUnique:
		if gained {
			return Harmless, "it is unique now"
		}
		return ChangesMeaning, fmt.Sprintf("%s is found by it, and a write fails when several have the same value", record)
	case schema.AspectType:
		return ChangesMeaning, fmt.Sprintf("%s is found by it, and it is %s in place of %s", record, c.After, c.Before)
	case schema.AspectLength:
		if shorter(c) {
			return ChangesMeaning, fmt.Sprintf("%s is found by it, and no key is longer than %s characters now", record, c.After)
		}
	}
	return "", ""
}

func (u *use) writeMeaning(c schema.Change, gained bool) (DriftSeverity, string) {
	values, closed := u.assignment.fixed()
	may := func(format string, args ...any) (DriftSeverity, string) { // unless the value is known to fit
		if closed {
			return "", ""
		}
		return ChangesMeaning, fmt.Sprintf(format, args...)
	}
	switch c.Aspect {
	case schema.AspectExists:
		if !gained {
			return Breaks, "the rule writes it, and it is " + c.String()
		}
	case schema.AspectCreateable, schema.AspectUpdateable:
		switch {
		case !u.needs(c.Aspect):
		case gained:
			return Harmless, "it " + c.String()
		default:
			return Breaks, "it " + c.String()
		}
	case schema.AspectType:
		return ChangesMeaning, fmt.Sprintf("what the rule writes is sent as %s in place of %s", c.After, c.Before)
	case schema.AspectLength:
		if shorter(c) {
			return may("a text of more than %s characters fails from now on", c.After)
		}
		return Harmless, "longer texts fit"
	case schema.AspectPrecision:
		if shorter(c) {
			return may("a number with more digits than %s fails from now on", c.After)
		}
		return Harmless, "larger numbers fit"
	case schema.AspectRequired:
		switch {
		case u.action.Kind == dsl.Update:
		case gained:
			return may("a new record needs it: without a value the %s fails from now on", Verb(u.action.Kind))
		default:
			return Harmless, "a new record does without it"
		}
	case schema.AspectDefault:
		if u.action.Kind != dsl.Update {
			return may("without a value, a new record gets %s", defaultText(c))
		}
	case schema.AspectUnique:
		if gained {
			return ChangesMeaning, "a value that another record has already is refused from now on"
		}
		return Harmless, "several records may have the same value"
	case schema.AspectReferenceTo:
		return ChangesMeaning, fmt.Sprintf("the id has to be of %s in place of %s", c.After, c.Before)
	case schema.AspectRelationship:
		if u.assignment.parent != "" {
			return Breaks, fmt.Sprintf("the relationship is called %s now", c.After)
		}
	case schema.AspectRestricted:
		if gained {
			return may("a value that is not in the picklist is refused from now on")
		}
		return Harmless, "values beyond the picklist are taken"
	case schema.AspectValueRemoved:
		if slices.Contains(values, c.Before) {
			return Breaks, fmt.Sprintf("the rule writes %q, which cannot be chosen any more", c.Before)
		}
		return may("an event that brings %q finds it no longer in the picklist", c.Before)
	case schema.AspectValueAdded:
		return Harmless, fmt.Sprintf("it takes %q, too", c.After)
	case schema.AspectController, schema.AspectDependency:
		return may("which values it takes depends otherwise on another field")
	}
	return "", ""
}

// recordTypeMeaning is what a record type that cannot be used any more means for a
// rule that gives it to records.
func (u *use) recordTypeMeaning(c schema.Change) (DriftSeverity, string) {
	if c.Before == "" {
		return "", ""
	}
	id, _, _ := strings.Cut(c.Before, " ")
	values, closed := u.assignment.fixed()
	if slices.ContainsFunc(values, func(v string) bool { return schema.SameID(v, id) }) {
		return Breaks, "the rule gives records this type, which cannot be used any more"
	}
	if closed {
		return "", ""
	}
	return ChangesMeaning, "an event that brings this type fails from now on"
}

// shorter reports whether fewer characters or digits fit: "80" to "40", "16.2" to
// "16.0", or a limit where there was none.
func shorter(c schema.Change) bool {
	wholeBefore, restBefore, _ := strings.Cut(c.Before, ".")
	wholeAfter, restAfter, _ := strings.Cut(c.After, ".")
	less := func(before, after string) bool {
		b, _ := strconv.Atoi(before)
		a, err := strconv.Atoi(after)
		return err == nil && (a < b || before == "")
	}
	return less(wholeBefore, wholeAfter) || restBefore != "" && less(restBefore, restAfter)
}

func defaultText(c schema.Change) string {
	text := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return "`" + cut(s, 40) + "`"
	}
	return text(c.After) + " in place of " + text(c.Before)
}
