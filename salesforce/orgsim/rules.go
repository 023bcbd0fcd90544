package orgsim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// ValidationRule refuses a create or update when all its conditions hold on the record
// as it would be saved, just as the error condition formula of a real rule does.
type ValidationRule struct {
	Name   string      `json:"name"`
	Object string      `json:"object"`
	On     string      `json:"on,omitempty"` // "create", "update", or both when empty
	When   []Condition `json:"when"`
	// Message is the admin's text, Field where it is shown; an empty Field is the top of the page.
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
}

// DuplicateRule looks for another record of the object that has the same values, regardless
// of case, in all Fields. A rule that allows saving still refuses a record unless
// the caller sends "Sforce-Duplicate-Rule-Header: allowSave=true".
type DuplicateRule struct {
	Name      string   `json:"name"`
	Object    string   `json:"object"`
	Fields    []string `json:"fields"`
	AllowSave bool     `json:"allowSave,omitempty"`
	Message   string   `json:"message,omitempty"`
}

// rules are the rules of one object.
type rules struct {
	validation []validationRule
	duplicates []duplicateRule
}

type validationRule struct {
	ValidationRule
	when []condition
}

type duplicateRule struct {
	DuplicateRule
	fields []*field
}

func (cfg *config) compileRules() error {
	of := func(name, objectName string) (*object, error) {
		o := cfg.object(objectName)
		if o == nil {
			return nil, fmt.Errorf("rule %q: %w", name, unknownObject(objectName))
		}
		if cfg.rules[o.name] == nil {
			cfg.rules[o.name] = &rules{}
		}
		return o, nil
	}
	for _, r := range cfg.overlay.ValidationRules {
		o, err := of(r.Name, r.Object)
		if err != nil {
			return err
		}
		when, err := compileConditions(o, r.When)
		if err != nil {
			return fmt.Errorf("rule %q: %w", r.Name, err)
		}
		if r.On != "" && r.On != "create" && r.On != "update" {
			return fmt.Errorf("rule %q runs on %q; it is create or update, or empty for both", r.Name, r.On)
		}
		if len(when) == 0 || r.Message == "" {
			return fmt.Errorf("rule %q needs a condition and a message", r.Name)
		}
		if r.Field != "" && o.field(r.Field) == nil {
			return fmt.Errorf("rule %q: %w", r.Name, unknownField(o.name, r.Field))
		}
		cfg.rules[o.name].validation = append(cfg.rules[o.name].validation, validationRule{r, when})
	}
	for _, r := range cfg.overlay.DuplicateRules {
		o, err := of(r.Name, r.Object)
		if err != nil {
			return err
		}
		compiled := duplicateRule{DuplicateRule: r}
		for _, name := range r.Fields {
			f := o.field(name)
			if f == nil {
				return fmt.Errorf("rule %q: %w", r.Name, unknownField(o.name, name))
			}
			compiled.fields = append(compiled.fields, f)
			// Every write looks for duplicates, so the fields are indexed.
			o.index(f)
		}
		if len(compiled.fields) == 0 {
			return fmt.Errorf("rule %q compares no fields", r.Name)
		}
		if compiled.Message == "" {
			compiled.Message = "Use one of these records?"
		}
		cfg.rules[o.name].duplicates = append(cfg.rules[o.name].duplicates, compiled)
	}
	return nil
}

// validate runs the object's validation rules; all that fail are reported, as Salesforce does.
func (r *rules) validate(o *object, before, after []string) []failure {
	var fails []failure
	for i := range r.validation {
		rule := &r.validation[i]
		if rule.On == "create" && before != nil || rule.On == "update" && before == nil || !holds(rule.when, before, after) {
			continue
		}
		f := failure{status: 400, code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: rule.Message, fields: []string{}}
		if rule.Field != "" {
			f.fields = []string{o.field(rule.Field).Name}
		}
		fails = append(fails, f)
	}
	return fails
}

// findDuplicate returns the first duplicate rule that a record breaks, with the records it matches.
func (r *rules) findDuplicate(t *table, id string, after []string, allowSave bool) (*duplicateRule, []string) {
	for i := range r.duplicates {
		rule := &r.duplicates[i]
		if rule.AllowSave && allowSave {
			continue
		}
		var matches []string
		for _, other := range t.lookup(rule.fields[0], after[rule.fields[0].index]) {
			if other != id && rule.same(t.rows[other].values, after) {
				matches = append(matches, other)
			}
		}
		if len(matches) > 0 {
			return rule, matches
		}
	}
	return nil, nil
}

func (r *duplicateRule) same(a, b []string) bool {
	for _, f := range r.fields {
		if a[f.index] == "" || !strings.EqualFold(a[f.index], b[f.index]) {
			return false
		}
	}
	return true
}

// failure describes the duplicate in the two places that answers have for it: the
// error, and the duplicateResult beside it.
func (r *duplicateRule) failure(o *object, matches []string) failure {
	type M = map[string]any
	records := make([]any, len(matches))
	for i, id := range matches {
		records[i] = M{"additionalInformation": []any{}, "fieldDiffs": []any{}, "matchConfidence": 100.0,
			"record": M{"attributes": M{"type": o.name, "url": "/services/data/v" + strconv.Itoa(newestVersion) + ".0/sobjects/" + o.name + "/" + id}, "Id": id}}
	}
	result, _ := json.Marshal(M{"allowSave": r.AllowSave, "duplicateRule": r.Name, "duplicateRuleEntityType": o.name, "errorMessage": r.Message,
		"matchResults": []any{M{"entityType": o.name, "errors": []any{}, "matchEngine": "ExactMatchEngine", "matchRecords": records,
			"rule": r.Name, "size": len(matches), "success": true}}})
	return failure{status: 400, code: "DUPLICATES_DETECTED", message: r.Message, fields: []string{}, duplicateResult: result}
}
