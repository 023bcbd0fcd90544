package schema

// Type is a field's type, in the spelling of REST describe results.
type Type string

// The field types of REST describe results. A type that is not listed here is
// kept as it came; values for such a field are passed on unchecked.
const (
	TypeID              Type = "id"
	TypeString          Type = "string"
	TypeBoolean         Type = "boolean"
	TypeInt             Type = "int"
	TypeLong            Type = "long"
	TypeDouble          Type = "double"
	TypeDate            Type = "date"
	TypeDateTime        Type = "datetime"
	TypeTime            Type = "time"
	TypeBase64          Type = "base64"
	TypeReference       Type = "reference"
	TypeCurrency        Type = "currency"
	TypeTextArea        Type = "textarea"
	TypePercent         Type = "percent"
	TypePhone           Type = "phone"
	TypeURL             Type = "url"
	TypeEmail           Type = "email"
	TypeCombobox        Type = "combobox"
	TypePicklist        Type = "picklist"
	TypeMultiPicklist   Type = "multipicklist"
	TypeAnyType         Type = "anytype"
	TypeLocation        Type = "location"
	TypeAddress         Type = "address"
	TypeEncryptedString Type = "encryptedstring"
	TypeComplexValue    Type = "complexvalue"
)

// Numeric reports whether values of the type are JSON numbers.
func (t Type) Numeric() bool {
	switch t {
	case TypeInt, TypeLong, TypeDouble, TypeCurrency, TypePercent:
		return true
	}
	return false
}

// Textual reports whether the type holds free text, limited by its length only.
// Picklists are not among them.
func (t Type) Textual() bool {
	switch t {
	case TypeString, TypeTextArea, TypePhone, TypeURL, TypeEmail, TypeEncryptedString, TypeCombobox:
		return true
	}
	return false
}

// Field is the describe of one field.
type Field struct {
	// Name is the API name, such as NPS_Score__c.
	Name string `json:"name"`
	// Label is the name that people see in Salesforce.
	Label string `json:"label"`
	Type  Type   `json:"type"`
	// Length is the greatest length of a text, in characters; 0 if the type has none.
	Length int `json:"length"`
	// Digits is the greatest number of digits of an int field.
	Digits int `json:"digits"`
	// Precision is the greatest number of digits of a double, currency or percent
	// field, Scale how many of them stand right of the decimal point.
	Precision int `json:"precision"`
	Scale     int `json:"scale"`

	Custom            bool `json:"custom"`
	Createable        bool `json:"createable"`
	Updateable        bool `json:"updateable"`
	Nillable          bool `json:"nillable"`
	DefaultedOnCreate bool `json:"defaultedOnCreate"`
	// Permissionable says whether field-level security applies to the field at
	// all. A describe that does not say counts as yes.
	Permissionable bool `json:"permissionable"`

	Calculated        bool   `json:"calculated"`
	CalculatedFormula string `json:"calculatedFormula"`
	AutoNumber        bool   `json:"autoNumber"`
	Encrypted         bool   `json:"encrypted"`
	NameField         bool   `json:"nameField"`
	ExtraTypeInfo     string `json:"extraTypeInfo"`
	// CompoundFieldName names the compound field that this field is a part of,
	// such as MailingAddress for MailingCity.
	CompoundFieldName string `json:"compoundFieldName"`

	ExternalID    bool `json:"externalId"`
	Unique        bool `json:"unique"`
	IDLookup      bool `json:"idLookup"`
	CaseSensitive bool `json:"caseSensitive"`

	// ReferenceTo names the objects that a lookup may point at; more than one
	// means a polymorphic lookup.
	ReferenceTo           []string `json:"referenceTo"`
	RelationshipName      string   `json:"relationshipName"`
	PolymorphicForeignKey bool     `json:"polymorphicForeignKey"`
	// RelationshipOrder is 0 or 1 for the first or second master-detail field of an
	// object, nil for a lookup.
	RelationshipOrder *int `json:"relationshipOrder"`

	// RestrictedPicklist is true when Salesforce refuses a value that is not in
	// PicklistValues; otherwise it stores any text.
	RestrictedPicklist bool            `json:"restrictedPicklist"`
	PicklistValues     []PicklistValue `json:"picklistValues"`
	// DependentPicklist is true when the value of the field ControllerName
	// decides which values this picklist takes (see [Field.ValidFor]).
	DependentPicklist bool   `json:"dependentPicklist"`
	ControllerName    string `json:"controllerName"`

	// DefaultValue is the default as text; empty if there is none.
	DefaultValue        string `json:"defaultValue"`
	DefaultValueFormula string `json:"defaultValueFormula"`
	InlineHelpText      string `json:"inlineHelpText"`

	object *Object
}

// PicklistValue is one value of a picklist.
type PicklistValue struct {
	// Value is what the API takes and returns, Label what people see.
	Value   string `json:"value"`
	Label   string `json:"label"`
	Active  bool   `json:"active"`
	Default bool   `json:"defaultValue"`
	// ValidFor is a base64 bitset over the values of the controlling field.
	ValidFor string `json:"validFor"`
}

// Object returns the object that the field belongs to; nil for a field that was
// made by hand and never added to a [Schema].
func (f *Field) Object() *Object { return f.object }

// RequiredOnCreate reports whether a create without a value for the field fails.
func (f *Field) RequiredOnCreate() bool {
	return f.Createable && !f.Nillable && !f.DefaultedOnCreate
}

// MasterDetail reports whether the field is the detail side of a master-detail relationship.
func (f *Field) MasterDetail() bool { return f.Type == TypeReference && f.RelationshipOrder != nil }

// Polymorphic reports whether the field may point at more than one object.
func (f *Field) Polymorphic() bool {
	return f.PolymorphicForeignKey || len(f.ReferenceTo) > 1
}
