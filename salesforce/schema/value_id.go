package schema

import "strings"

// appendID takes a record id of an object that the field may point at and writes
// its 18-character form.
func (f *Field) appendID(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindText {
		return dst, f.wrongType(v, "")
	}
	id := v.Text
	if !ValidID(id) {
		return dst, f.badID(v)
	}
	if bad := f.checkObject(id); bad != nil {
		return dst, bad
	}
	dst = append(dst, '"')
	dst = AppendID18(dst, id)
	return append(dst, '"'), nil
}

func (f *Field) badID(v Value) *ValueError {
	if idShape(v.Text) {
		clause := "takes a record id, and the last three characters of " + show(v) + " do not fit the rest of it"
		if repaired, ok := RepairID(v.Text); ok {
			return f.err(BadID, clause, "if only upper and lower case were changed on the way, the id is "+repaired)
		}
		return f.err(BadID, clause, "compare it with the id in the record's address in Salesforce")
	}
	help := "an id has 15 or 18 letters and digits"
	if f.Type == TypeReference && f.RelationshipName != "" {
		help += "; to match by another key, set " + f.RelationshipName + ".<external id field>"
	}
	return f.err(BadID, "takes a record id, which "+show(v)+" is not", help)
}

// checkObject compares the id's key prefix with the objects that the field takes.
// It is silent where neither the schema nor the well-known prefixes can tell.
func (f *Field) checkObject(id string) *ValueError {
	var s *Schema
	if f.object != nil {
		s = f.object.schema
	}
	prefix := KeyPrefix(id)
	targets := f.ReferenceTo
	if f.Type == TypeID {
		if f.object == nil || f.object.KeyPrefix == "" || f.object.KeyPrefix == prefix {
			return nil
		}
		return f.wrongObject(id, s.ObjectOfID(id), f.object.Name)
	}
	if len(targets) == 0 {
		return nil
	}
	owner := s.ObjectOfID(id)
	allKnown := true
	for _, t := range targets {
		p := s.prefixOf(t)
		if p == prefix || strings.EqualFold(t, owner) {
			return nil
		}
		allKnown = allKnown && p != ""
	}
	if owner == "" && !allKnown {
		return nil
	}
	return f.wrongObject(id, owner, oneOf(targets, 4))
}

func (f *Field) wrongObject(id, owner, want string) *ValueError {
	got := "belongs to another object (its key prefix is " + KeyPrefix(id) + ")"
	if owner != "" {
		got = "is the id of a record of " + owner
	}
	return f.err(WrongObject, "takes the id of "+want+", and "+showText(id)+" "+got, "")
}

// oneOf lists names for a person, at most limit of them.
func oneOf(names []string, limit int) string {
	switch {
	case len(names) > limit:
		return strings.Join(names[:limit], ", ") + ", …"
	case len(names) > 1:
		return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	}
	return strings.Join(names, "")
}
