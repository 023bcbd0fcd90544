package schema

// Why a field cannot be written, as [Field.WhyNotCreateable] and
// [Field.WhyNotUpdateable] say it.
const (
	ReasonFormula      = "formula"
	ReasonRollUp       = "roll-up summary"
	ReasonAutoNumber   = "auto-number"
	ReasonCompound     = "compound"
	ReasonEncrypted    = "encrypted"
	ReasonSystem       = "system"
	ReasonOnlyOnCreate = "only on create"
	ReasonOnlyOnUpdate = "only on update"
	ReasonNoPermission = "no permission (field-level security)"
	ReasonNoObject     = "no permission (object)"
)

// WhyNotCreateable returns why a new record cannot set the field, one of the
// Reason constants; "" if it can.
func (f *Field) WhyNotCreateable() string {
	switch {
	case f.Createable:
		return ""
	case f.Updateable:
		return ReasonOnlyOnUpdate
	}
	return f.whyReadOnly()
}

// WhyNotUpdateable returns why an existing record's field cannot be changed, one
// of the Reason constants; "" if it can.
func (f *Field) WhyNotUpdateable() string {
	switch {
	case f.Updateable:
		return ""
	case f.Createable:
		return ReasonOnlyOnCreate
	}
	return f.whyReadOnly()
}

// whyReadOnly tells the reasons apart. Describe results have no attribute for
// it: they answer createable=false and updateable=false for all of them.
func (f *Field) whyReadOnly() string {
	switch {
	case f.Calculated && f.CalculatedFormula == "" && (f.Type.Numeric() || f.Type == TypeDate || f.Type == TypeDateTime):
		// Roll-up summaries are calculated fields without a formula.
		return ReasonRollUp
	case f.Calculated:
		return ReasonFormula
	case f.AutoNumber:
		return ReasonAutoNumber
	case f.Compound():
		return ReasonCompound
	case f.Type == TypeEncryptedString || f.Encrypted:
		return ReasonEncrypted
	case f.Type == TypeID || systemFields[f.Name]:
		return ReasonSystem
	case f.object != nil && !f.object.Createable && !f.object.Updateable:
		return ReasonNoObject
	case !f.Custom && !f.Permissionable:
		return ReasonSystem
	}
	return ReasonNoPermission
}

// systemFields are the fields that Salesforce itself keeps: the audit fields of
// every object, and those that follow from a status or a conversion.
var systemFields = map[string]bool{
	"IsDeleted": true, "MasterRecordId": true, "SystemModstamp": true,
	"CreatedDate": true, "CreatedById": true,
	"LastModifiedDate": true, "LastModifiedById": true,
	"LastActivityDate": true, "LastViewedDate": true, "LastReferencedDate": true,
	"IsClosed": true, "ClosedDate": true, "IsWon": true, "ConvertedDate": true,
	"ConvertedAccountId": true, "ConvertedContactId": true, "ConvertedOpportunityId": true,
}

// Compound reports whether the field is put together from others and can only be
// read: an address, a geolocation, the full name of a person.
func (f *Field) Compound() bool {
	if f.Type == TypeAddress || f.Type == TypeLocation {
		return true
	}
	return !f.Createable && !f.Updateable && len(f.Parts()) > 0
}

// Parts returns the API names of the fields that a compound field is made of,
// which are the ones to write, such as FirstName and LastName for Name. It needs
// the field's object.
func (f *Field) Parts() []string {
	if f.object == nil {
		return nil
	}
	var parts []string
	for _, p := range f.object.Fields {
		// Salesforce lists a Name that is no compound as a part of itself on some objects.
		if p != f && p.CompoundFieldName == f.Name && (p.Createable || p.Updateable) {
			parts = append(parts, p.Name)
		}
	}
	return parts
}
