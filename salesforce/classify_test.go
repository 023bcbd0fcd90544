package salesforce

import (
	"fmt"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

var lead = func() *schema.Object {
	o := &schema.Object{Name: "Lead", KeyPrefix: "00Q", Fields: []*schema.Field{
		{Name: "Name", Type: schema.TypeString},
		{Name: "LastName", Type: schema.TypeString, Createable: true, Updateable: true, CompoundFieldName: "Name"},
		{Name: "Full__c", Type: schema.TypeString, Custom: true, Calculated: true, CalculatedFormula: "FirstName"},
		{Name: "Hidden__c", Type: schema.TypeString, Custom: true, Permissionable: true},
		{Name: "IsConverted", Type: schema.TypeBoolean, Createable: true},
		{Name: "Account__c", Type: schema.TypeReference, ReferenceTo: []string{"Account"}, Createable: true, Updateable: true},
		{Name: "Key__c", Type: schema.TypeDouble, ExternalID: true, Createable: true, Updateable: true},
	}}
	schema.New(o)
	return o
}()

func TestClassify(t *testing.T) {
	const security = ". Please check the security settings of this field and verify that it is read/write for your profile or permission set."
	for _, c := range []struct {
		code, message string
		fields        []string
		status        int
		op            Op
		object        *schema.Object
		want          Cause
	}{
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Hidden__c" + security, []string{"Hidden__c"}, 400, Update, nil, FieldNotWritable},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Hidden__c" + security, []string{"Hidden__c"}, 400, Update, lead, FieldNotWritable},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Full__c" + security, []string{"Full__c"}, 400, Update, lead, UnsupportedField},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Full__c" + security, []string{"Full__c"}, 400, Update, nil, FieldNotWritable},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name" + security, []string{"Name"}, 400, Create, lead, UnsupportedField},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: IsConverted" + security, []string{"IsConverted"}, 400, Update, lead, UnsupportedField},
		{"INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: MasterRecordId" + security, []string{"MasterRecordId"}, 400, Update, nil, UnsupportedField},
		{"INVALID_FIELD", "No such column 'foo' on sobject of type Bar", nil, 400, Update, nil, FieldNotWritable},
		{"INVALID_FIELD", "The Id field should not be specified in the sobject data.", nil, 400, Update, nil, UnsupportedField},
		{"INVALID_FIELD", "Foreign key external ID: 123 not found for field Key__c in entity Account", nil, 400, Create, nil, RecordNotFound},

		{"INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil, 403, Update, nil, NoPermission},
		{"INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil, 400, Update, nil, NoPermission},
		{"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id: 0015e00000tW1f0", nil, 400, Update, nil, NoPermission},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: execution of BeforeUpdate caused by: System.DmlException: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record", nil, 400, Update, nil, RecordLocked},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: execution of BeforeUpdate caused by: System.LimitException: Too many SOQL queries: 101", nil, 400, Update, nil, Unavailable},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: execution of BeforeUpdate caused by: System.NullPointerException", nil, 400, Update, nil, ValidationRule},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: execution of AfterInsert caused by: REQUIRED_FIELD_MISSING, Required fields are missing: [Name]", nil, 400, Create, nil, RequiredMissing},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: FIELD_CUSTOM_VALIDATION_EXCEPTION, Insufficient Privileges", nil, 400, Update, nil, NoPermission},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: User", nil, 400, Create, nil, NoPermission},
		{"CANNOT_EXECUTE_FLOW_TRIGGER", "We can't save this record because the process failed.", nil, 400, Update, nil, ValidationRule},
		{"FLOW_EXCEPTION", "insufficient access rights on object", nil, 400, Update, nil, NoPermission},
		{"APEX_ERROR", "System.Exception", nil, 500, Update, nil, ValidationRule},
		{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "Insufficient Privileges You do not have the level of access necessary to perform the operation you requested.", nil, 400, Update, nil, NoPermission},
		{"NOT_FOUND", "The requested resource does not exist", nil, 404, Create, nil, WrongObject},

		{"REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", nil, 403, Update, nil, RateLimited},
		{"REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", nil, 403, Update, nil, RateLimited},
		{"LIMIT_EXCEEDED", "", nil, 400, Update, nil, RateLimited},
		{"TOO_MANY_APEX_REQUESTS", "", nil, 400, Update, nil, RateLimited},
		{"SERVER_UNAVAILABLE", "Server Too Busy", nil, 503, Update, nil, Unavailable},
		{"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "", nil, 400, Update, nil, Unavailable},
		{"REQUEST_RUNNING_TOO_LONG", "", nil, 400, Update, nil, Unavailable},
		{"QUERY_TIMEOUT", "", nil, 400, Retrieve, nil, Unavailable},
		{"UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId", nil, 500, Update, nil, Unavailable},

		{"NOT_FOUND", "The requested resource does not exist", nil, 404, Update, nil, RecordNotFound},
		{"NOT_FOUND", "Provided external ID field does not exist or is not accessible: X", nil, 404, Upsert, nil, FieldNotWritable},
		{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", nil, 404, Update, nil, RecordNotFound},
		{"INVALID_CROSS_REFERENCE_KEY", "Record Type ID: this ID value isn't valid for the user: 012", []string{"RecordTypeId"}, 400, Create, nil, RecordNotFound},
		{"ENTITY_IS_DELETED", "entity is deleted", nil, 404, Update, nil, RecordNotFound},
		{"ENTITY_IS_ARCHIVED", "", nil, 400, Update, nil, RecordNotFound},
		{"CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", nil, 400, Update, nil, RecordNotFound},

		{"JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING value Tomorrow or request may be missing a required field at [line:1, column:55]", nil, 400, Update, nil, InvalidValue},
		{"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Job Category: bad value for restricted picklist field: NURSE", []string{"Job_Category__c"}, 400, Update, nil, InvalidValue},
		{"STRING_TOO_LONG", "Account Name: data value too large: x (max length=255)", []string{"Name"}, 400, Update, nil, InvalidValue},
		{"NUMBER_OUTSIDE_VALID_RANGE", "Employees: value outside of valid range on numeric field: 1431655766", nil, 400, Update, nil, InvalidValue},
		{"INVALID_EMAIL_ADDRESS", "Email: invalid email address: abc", nil, 400, Update, nil, InvalidValue},
		{"INVALID_TYPE_ON_FIELD_IN_RECORD", "X: value not of required type: y", nil, 400, Update, nil, InvalidValue},
		{"FIELD_INTEGRITY_EXCEPTION", "There's a problem with this state", nil, 400, Update, nil, InvalidValue},
		{"FIELD_FILTER_VALIDATION_EXCEPTION", "", nil, 400, Update, nil, InvalidValue},
		{"INVALID_CURRENCY_ISO", "", nil, 400, Update, nil, InvalidValue},
		{"INACTIVE_OWNER_OR_USER", "operation performed with inactive user", nil, 400, Update, nil, InvalidValue},
		{"OP_WITH_INVALID_USER_TYPE_EXCEPTION", "", nil, 400, Update, nil, InvalidValue},

		{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "Status can only change for leads from the Web", nil, 400, Update, nil, ValidationRule},
		{"REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", []string{"LastName"}, 400, Create, nil, RequiredMissing},
		{"MISSING_ARGUMENT", "Id not specified in an update call", nil, 0, Update, nil, RequiredMissing},

		{"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 0035c", nil, 400, Update, nil, RecordLocked},
		{"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", nil, 500, Update, nil, RecordLocked},
		{"ENTITY_IS_LOCKED", "the record is currently pending approval and locked", nil, 400, Update, nil, RecordLocked},
		{"RECORD_IN_USE_BY_WORKFLOW", "", nil, 400, Update, nil, RecordLocked},
		{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "caused by: UNABLE_TO_LOCK_ROW", nil, 400, Update, nil, RecordLocked},

		{"MALFORMED_ID", "Account ID: id value of incorrect type: 001900K0001pPuOAAU", []string{"Id"}, 400, Update, nil, WrongObject},
		{"MALFORMED_ID", "malformed id 001RM000003oLrB000", nil, 400, Update, nil, WrongObject},
		{"INVALID_TYPE", "sObject type 'Accout' is not supported.", nil, 400, Retrieve, nil, WrongObject},
		{"INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD", "", nil, 400, Update, nil, WrongObject},
		{"FIELD_INTEGRITY_EXCEPTION", "Account ID: id value of incorrect type: 003", nil, 400, Update, nil, WrongObject},

		{"DUPLICATES_DETECTED", "Use one of these records?", nil, 400, Create, nil, Duplicate},
		{"DUPLICATE_VALUE", "duplicate value found: Key__c duplicates value on record with id: 001U000001c83gK", nil, 400, Create, nil, Duplicate},
		{"DUPLICATE_EXTERNAL_ID", "", nil, 0, Upsert, nil, Duplicate},
		{"", "", nil, 300, Upsert, nil, Duplicate},

		{"STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", nil, 400, Create, nil, StorageFull},
		{"STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", nil, 403, Create, nil, StorageFull},

		{"INVALID_SESSION_ID", "Session expired or invalid", nil, 401, Update, nil, Auth},
		{"INVALID_AUTH_HEADER", "", nil, 401, Update, nil, Auth},
		{"API_DISABLED_FOR_ORG", "", nil, 403, Update, nil, Auth},
		{"invalid_grant", "expired access/refresh token", nil, 400, "", nil, Auth},
		{"inactive_user", "user is inactive", nil, 400, "", nil, Auth},
		{"rate_limit_exceeded", "login rate exceeded", nil, 400, "", nil, RateLimited},

		// Salesforce speaks the integration user's language; what is decided by here is not translated.
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: Ausführung von BeforeUpdate verursacht durch: System.NullPointerException", nil, 400, Update, nil, ValidationRule},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard: l’exécution de AfterInsert a été causée par : System.LimitException: 101", nil, 400, Create, nil, Unavailable},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Guard : System.DmlException: Insert failed.", nil, 400, Create, nil, ValidationRule},
		{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Entitätstyp kann nicht eingefügt werden: Benutzer", nil, 400, Create, nil, NoPermission},
		{"FIELD_INTEGRITY_EXCEPTION", "Firmen-ID: ID-Wert ist vom falschen Typ: 0035g00000AbCdEAAV", []string{"Account__c"}, 400, Update, lead, WrongObject},
		{"FIELD_INTEGRITY_EXCEPTION", "Firmen-ID: etwas anderes: 0015g00000AbCdEAAV", []string{"Account__c"}, 400, Update, lead, InvalidValue},
		{"FIELD_INTEGRITY_EXCEPTION", "Firmen-ID: etwas anderes", []string{"Account__c"}, 400, Update, lead, InvalidValue},
		{"NOT_FOUND", "Die angeforderte Ressource ist nicht vorhanden", nil, 404, Upsert, nil, WrongObject},

		{"TXN_SECURITY_NO_ACCESS", "", nil, 403, Update, nil, NoPermission},
		{"INVALID_OPERATION", "", nil, 400, Update, nil, Unknown},
		{"GONE", "", nil, 410, Update, nil, Unknown},
		{"UNSUPPORTED_API_VERSION", "", nil, 410, Update, nil, Unknown},
		{"MATCH_PRECONDITION_FAILED", "", nil, 412, Update, nil, Unknown},
		{"A_CODE_OF_THE_FUTURE", "", nil, 503, Update, nil, Unknown},
		{"", "", nil, 401, Update, nil, Auth},
		{"", "", nil, 408, Update, nil, Unavailable},
		{"", "", nil, 420, Update, nil, Unavailable},
		{"", "", nil, 429, Update, nil, RateLimited},
		{"", "", nil, 502, Update, nil, Unavailable},
		{"", "", nil, 418, Update, nil, Unknown},
	} {
		got := Classify(Failure{Code: c.code, Message: c.message, Fields: c.fields, HTTPStatus: c.status, Op: c.op, Object: c.object})
		if got != c.want {
			t.Errorf("%s %q (%d, %s): %s, want %s", c.code, c.message, c.status, c.op, got, c.want)
		}
	}
}

// What a failure in another language than English is about can be told by what of the row
// stands in it.
func TestClassifyByRow(t *testing.T) {
	for _, c := range []struct {
		code, message string
		row           Row
		op            Op
		want          Cause
	}{
		{"INVALID_FIELD", "Externe ID des Fremdschlüssels: A-17 nicht gefunden für Feld Crm_Key__c in Entität Account",
			Row{Object: "Contact", Body: []byte(`{"LastName":"x","Account":{"attributes":{"type":"Account"},"Crm_Key__c":"A-17"}}`)}, Create, RecordNotFound},
		{"INVALID_FIELD", "Externe ID des Fremdschlüssels: 17 nicht gefunden für Feld No__c in Entität Account",
			Row{Object: "Contact", Body: []byte(`{"Account":{"No__c":17}}`)}, Create, RecordNotFound},
		{"INVALID_FIELD", "Keine solche Spalte „Crm_Key__c“ in sObject vom Typ Account",
			Row{Object: "Contact", Body: []byte(`{"Account":{"Crm_Key__c":"A-17"}}`)}, Create, FieldNotWritable},
		{"INVALID_FIELD", "Keine solche Spalte „LastNam“ in sObject vom Typ Contact",
			Row{Object: "Contact", Body: []byte(`{"LastNam":"Contact"}`)}, Create, FieldNotWritable},
		{"NOT_FOUND", "Das angegebene Feld mit externer ID ist nicht vorhanden oder nicht zugänglich: Key__c",
			Row{Object: "Lead", ExternalField: "Key__c", ExternalValue: "1", Body: []byte(`{}`)}, Upsert, FieldNotWritable},
		{"NOT_FOUND", "Das angegebene Feld mit externer ID ist nicht vorhanden oder nicht zugänglich: Key__c",
			Row{Object: "Lead", ExternalField: "Key__c", ExternalValue: "1", Body: []byte(`{}`)}, Update, FieldNotWritable},
		{"NOT_FOUND", "Die angeforderte Ressource ist nicht vorhanden",
			Row{Object: "Lead", ExternalField: "Key__c", ExternalValue: "1", Body: []byte(`{}`)}, Update, RecordNotFound},
	} {
		org := newFake(t, answerWith(400, fmt.Sprintf(`[{"errorCode":%q,"message":%q}]`, c.code, c.message)))
		if r := org.client(t).Write(t.Context(), c.op, []Row{c.row}); r[0].Err == nil || r[0].Err.Cause != c.want {
			t.Errorf("%s: %v, want %s", c.message, r[0].Err, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]bool{
		"duplicate value found: Key__c duplicates value on record with id: 001U000001c83gK": true,
		"Doppelter Wert gefunden: Key__c dupliziert den Wert im Datensatz 001U000001c83gK":  true,
		"duplicate value found: Old_Key__c duplicates value on record":                      false,
		"": false,
	} {
		if e := (&Error{Message: text}); e.Names("Key__c") != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if e := (&Error{Fields: []string{"KEY__C"}}); !e.Names("Key__c") || e.Names("") {
		t.Error("the list of fields does not count, or no name does")
	}
}

func TestCauses(t *testing.T) {
	all := Causes()
	seen := make(map[Cause]bool)
	for _, info := range all {
		if seen[info.Cause] || info.Title == "" || info.Explanation == "" || info.Advice == "" {
			t.Errorf("%s is twice in the table or not explained", info.Cause)
		}
		seen[info.Cause] = true
		r := info.Retry
		if r.Heals != (r.First > 0) || r.First > r.Max || r.Heals && r.For < r.Max {
			t.Errorf("%s: retry %+v", info.Cause, r)
		}
		if got, ok := ExplainCause(info.Cause); !ok || got != info {
			t.Errorf("%s is not explained", info.Cause)
		}
	}
	if len(all) != 16 {
		t.Errorf("%d causes", len(all))
	}
	for code, cause := range causeOfCode {
		if !seen[cause] {
			t.Errorf("%s has the cause %s, which is not in the table", code, cause)
		}
	}
	if _, ok := ExplainCause("no_such_cause"); ok {
		t.Error("explained a cause that is none")
	}
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		e    Error
		want time.Duration
	}{
		{Error{Cause: RateLimited, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded."}, 15 * time.Minute},
		{Error{Cause: RateLimited, Code: "REQUEST_LIMIT_EXCEEDED", Message: "ConcurrentPerOrgLongTxn Limit exceeded."}, 5 * time.Second},
		{Error{Cause: RateLimited, HTTPStatus: 429}, 5 * time.Second},
		{Error{Cause: RecordLocked, Code: "UNABLE_TO_LOCK_ROW"}, 500 * time.Millisecond},
		{Error{Cause: RecordLocked, Code: "ENTITY_IS_LOCKED"}, time.Hour},
		{Error{Cause: Unavailable, Code: "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"}, 5 * time.Minute},
		{Error{Cause: Unavailable, Code: "UNKNOWN_EXCEPTION"}, 5 * time.Second},
		{Error{Cause: Unavailable, HTTPStatus: 503}, 2 * time.Second},
		{Error{Cause: InvalidValue, Code: "STRING_TOO_LONG"}, 0},
		{Error{Cause: Unknown}, 0},
	} {
		if got := c.e.Retry(); got.First != c.want || got.Heals != (c.want > 0) {
			t.Errorf("%+v: %+v, want a first wait of %v", c.e, got, c.want)
		}
	}
}
