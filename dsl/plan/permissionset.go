package plan

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// The XML of a PermissionSet ("Metadata API Developer Guide", PermissionSet), with
// its elements in the order in which Salesforce retrieves them.
type permissionSet struct {
	XMLName     xml.Name              `xml:"http://soap.sforce.com/2006/04/metadata PermissionSet"`
	Description string                `xml:"description"`
	Fields      []fieldPermissions    `xml:"fieldPermissions"`
	Activation  bool                  `xml:"hasActivationRequired"`
	Label       string                `xml:"label"`
	Objects     []objectPermissions   `xml:"objectPermissions"`
	RecordTypes []recordTypeVisible   `xml:"recordTypeVisibilities"`
	User        []userPermissionOfSet `xml:"userPermissions"`
}

type fieldPermissions struct {
	Editable bool   `xml:"editable"`
	Field    string `xml:"field"`
	Readable bool   `xml:"readable"`
}

type objectPermissions struct {
	Create    bool   `xml:"allowCreate"`
	Delete    bool   `xml:"allowDelete"`
	Edit      bool   `xml:"allowEdit"`
	Read      bool   `xml:"allowRead"`
	ModifyAll bool   `xml:"modifyAllRecords"`
	Object    string `xml:"object"`
	ViewAll   bool   `xml:"viewAllRecords"`
}

type recordTypeVisible struct {
	RecordType string `xml:"recordType"`
	Visible    bool   `xml:"visible"`
}

type userPermissionOfSet struct {
	Enabled bool   `xml:"enabled"`
	Name    string `xml:"name"`
}

// PermissionSet returns the needs as the metadata of a permission set, ready to be
// deployed. The schema tells which fields take a permission: required ones,
// master-detail fields and those that every user may see take none, and naming them
// would fail the deployment; the parts of an address or a geolocation take that of the whole.
func (n *Needs) PermissionSet(label string, s *schema.Schema) []byte {
	set := permissionSet{Label: label, Description: "The least that the rules of sfsync need. Sharing decides which records."}
	for i := range n.Objects {
		need := &n.Objects[i]
		for j := range need.Fields {
			set.addField(need, &need.Fields[j], s.Object(need.Object))
		}
		if notGrantable[need.Object] || partOf[need.Object] != "" {
			continue
		}
		set.Objects = append(set.Objects, objectPermissions{Create: need.Create, Edit: need.Edit, Read: true, Object: need.Object})
	}
	slices.SortFunc(set.Fields, func(a, b fieldPermissions) int { return strings.Compare(a.Field, b.Field) })
	for _, name := range n.RecordTypes {
		set.RecordTypes = append(set.RecordTypes, recordTypeVisible{name, true})
	}
	for _, name := range n.User {
		set.User = append(set.User, userPermissionOfSet{true, name})
	}
	// Marshalling strings and booleans cannot fail.
	out, _ := xml.MarshalIndent(set, "", "    ")
	return append([]byte(xml.Header), append(out, '\n')...)
}

func (set *permissionSet) addField(object *ObjectNeed, need *FieldNeed, o *schema.Object) {
	name, editable := need.Field, need.Create || need.Edit
	known := o != nil && len(o.Fields) > 0
	f := (*schema.Field)(nil)
	if known {
		f = o.Field(name)
	}
	switch {
	case !known && !strings.HasSuffix(name, "__c"):
		return // whether it takes a permission is not known; one that is hidden does
	case f != nil:
		if !f.Permissionable || f.MasterDetail() || f.Custom && !f.Nillable && f.Type != schema.TypeBoolean {
			return
		}
		if whole := o.Field(f.CompoundFieldName); whole != nil && (whole.Type == schema.TypeAddress || whole.Type == schema.TypeLocation) {
			name = whole.Name
		}
		editable = editable && !f.Calculated && !f.AutoNumber
	}
	name = object.Object + "." + name
	if i := slices.IndexFunc(set.Fields, func(p fieldPermissions) bool { return p.Field == name }); i >= 0 {
		set.Fields[i].Editable = set.Fields[i].Editable || editable
		return
	}
	set.Fields = append(set.Fields, fieldPermissions{Editable: editable, Field: name, Readable: true})
}
