package schema

import "strings"

// wellKnown are the key prefixes that are the same in every org. It serves to
// name the object of an id when the schema at hand does not hold it.
var wellKnown = []struct{ prefix, object string }{
	{"001", "Account"},
	{"002", "Note"},
	{"003", "Contact"},
	{"005", "User"},
	{"006", "Opportunity"},
	{"00D", "Organization"},
	{"00G", "Group"},
	{"00K", "OpportunityContactRole"},
	{"00P", "Attachment"},
	{"00Q", "Lead"},
	{"00T", "Task"},
	{"00U", "Event"},
	{"00a", "CaseComment"},
	{"00k", "OpportunityLineItem"},
	{"00v", "CampaignMember"},
	{"012", "RecordType"},
	{"015", "Document"},
	{"01s", "Pricebook2"},
	{"01t", "Product2"},
	{"02i", "Asset"},
	{"068", "ContentVersion"},
	{"069", "ContentDocument"},
	{"500", "Case"},
	{"701", "Campaign"},
	{"800", "Contract"},
}

// WellKnownObject returns the standard object whose ids begin with the prefix in
// every org, or "".
func WellKnownObject(prefix string) string {
	for _, w := range wellKnown {
		if w.prefix == prefix {
			return w.object
		}
	}
	return ""
}

// WellKnownPrefix returns the key prefix of a standard object that is the same
// in every org, or "".
func WellKnownPrefix(object string) string {
	for _, w := range wellKnown {
		if strings.EqualFold(w.object, object) {
			return w.prefix
		}
	}
	return ""
}

// ObjectOfID returns the API name of the object that a record id belongs to, by
// its key prefix; "" if neither the schema nor the well-known prefixes know it.
func (s *Schema) ObjectOfID(id string) string {
	if o := s.ByKeyPrefix(KeyPrefix(id)); o != nil {
		return o.Name
	}
	return WellKnownObject(KeyPrefix(id))
}

// prefixOf returns the key prefix of an object, "" if it is not known.
func (s *Schema) prefixOf(object string) string {
	if o := s.Object(object); o != nil && o.KeyPrefix != "" {
		return o.KeyPrefix
	}
	return WellKnownPrefix(object)
}
