package salesforce

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Failure is what Salesforce says about something that it did not do.
type Failure struct {
	// Code is the errorCode of a single-row or whole-call error, the statusCode
	// of a row's error in a collection, or the error of an OAuth answer.
	Code    string
	Message string
	Fields  []string
	// HTTPStatus decides only where there is no code: Salesforce uses the same
	// status for different causes and different statuses for the same one.
	HTTPStatus int
	Op         Op
	// Object is the describe of the object written, if at hand. It tells a field
	// that nobody can write from one that this user may not write.
	Object *schema.Object
}

// Classify names the cause of a failure by its code and text.
func Classify(f Failure) Cause {
	// Automation wraps the error it ran into, so the text comes first: a row
	// lock inside a trigger is a row lock.
	if strings.Contains(f.Message, "UNABLE_TO_LOCK_ROW") {
		return RecordLocked
	}
	switch f.Code {
	case "INVALID_FIELD_FOR_INSERT_UPDATE":
		if f.anyFieldReadOnly() {
			return UnsupportedField
		}
		return FieldNotWritable
	case "INVALID_FIELD":
		switch {
		case strings.HasPrefix(f.Message, "Foreign key external ID"):
			return RecordNotFound
		case strings.Contains(f.Message, "Id field should not be specified"):
			return UnsupportedField
		}
		return FieldNotWritable
	case "NOT_FOUND":
		switch {
		case strings.Contains(f.Message, "external ID field"):
			return FieldNotWritable
		case f.Op == Create, f.Op == Upsert:
			// There need be no record yet: what does not exist is the object.
			return WrongObject
		}
		return RecordNotFound
	case "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "FLOW_EXCEPTION", "APEX_ERROR":
		return f.automation()
	case "FIELD_CUSTOM_VALIDATION_EXCEPTION":
		if strings.Contains(f.Message, "Insufficient Privileges") || strings.Contains(f.Message, "level of access necessary") {
			return NoPermission
		}
		return ValidationRule
	case "FIELD_INTEGRITY_EXCEPTION":
		if strings.Contains(f.Message, "id value of incorrect type") || f.endsInForeignID() {
			return WrongObject
		}
		return InvalidValue
	}
	if c, ok := causeOfCode[f.Code]; ok {
		return c
	}
	switch {
	case strings.HasPrefix(f.Code, "TXN_SECURITY"):
		return NoPermission
	case strings.HasPrefix(f.Code, "DUPLICATE"):
		return Duplicate
	case f.Code != "":
		return Unknown
	}
	return causeOfStatus(f.HTTPStatus)
}

// causeOfCode holds the codes that always mean the same.
var causeOfCode = map[string]Cause{
	"INSUFFICIENT_ACCESS_OR_READONLY":               NoPermission,
	"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": NoPermission,
	"INSUFFICIENT_ACCESS":                           NoPermission,

	"REQUEST_LIMIT_EXCEEDED":   RateLimited,
	"LIMIT_EXCEEDED":           RateLimited,
	"TOO_MANY_APEX_REQUESTS":   RateLimited,
	"rate_limit_exceeded":      RateLimited,
	"SERVER_UNAVAILABLE":       Unavailable,
	"REQUEST_RUNNING_TOO_LONG": Unavailable,
	"QUERY_TIMEOUT":            Unavailable,
	"UNKNOWN_EXCEPTION":        Unavailable,
	"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": Unavailable,

	"INVALID_CROSS_REFERENCE_KEY":  RecordNotFound,
	"ENTITY_IS_DELETED":            RecordNotFound,
	"ENTITY_IS_ARCHIVED":           RecordNotFound,
	"CANNOT_UPDATE_CONVERTED_LEAD": RecordNotFound,

	"JSON_PARSER_ERROR":                       InvalidValue,
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": InvalidValue,
	"STRING_TOO_LONG":                         InvalidValue,
	"NUMBER_OUTSIDE_VALID_RANGE":              InvalidValue,
	"INVALID_EMAIL_ADDRESS":                   InvalidValue,
	"INVALID_TYPE_ON_FIELD_IN_RECORD":         InvalidValue,
	"FIELD_FILTER_VALIDATION_EXCEPTION":       InvalidValue,
	"INVALID_CURRENCY_ISO":                    InvalidValue,
	"INACTIVE_OWNER_OR_USER":                  InvalidValue,
	"OP_WITH_INVALID_USER_TYPE_EXCEPTION":     InvalidValue,

	"REQUIRED_FIELD_MISSING": RequiredMissing,
	"MISSING_ARGUMENT":       RequiredMissing,

	"UNABLE_TO_LOCK_ROW":        RecordLocked,
	"ENTITY_IS_LOCKED":          RecordLocked,
	"RECORD_IN_USE_BY_WORKFLOW": RecordLocked,

	"MALFORMED_ID":                           WrongObject,
	"INVALID_TYPE":                           WrongObject,
	"INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD": WrongObject,

	"STORAGE_LIMIT_EXCEEDED": StorageFull,

	"INVALID_SESSION_ID":         Auth,
	"INVALID_AUTH_HEADER":        Auth,
	"INVALID_HEADER_TYPE":        Auth,
	"API_DISABLED_FOR_ORG":       Auth,
	"API_CURRENTLY_DISABLED":     Auth,
	"INVALID_LOGIN":              Auth,
	"invalid_grant":              Auth,
	"invalid_client":             Auth,
	"invalid_client_id":          Auth,
	"invalid_client_credentials": Auth,
	"invalid_request":            Auth,
	"invalid_scope":              Auth,
	"inactive_user":              Auth,
	"inactive_org":               Auth,
	"unsupported_grant_type":     Auth,
	"unauthorized_client":        Auth,
	"access_denied":              Auth,
}

// nestedCodes are the codes that automation repeats in its own message, the
// first match counting.
var nestedCodes = []string{
	"FIELD_CUSTOM_VALIDATION_EXCEPTION", "REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE", "DUPLICATES_DETECTED",
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "STRING_TOO_LONG", "ENTITY_IS_DELETED", "ENTITY_IS_LOCKED",
	"INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
	"INVALID_CROSS_REFERENCE_KEY", "STORAGE_LIMIT_EXCEEDED", "NUMBER_OUTSIDE_VALID_RANGE", "INVALID_EMAIL_ADDRESS",
}

// automation classifies what a trigger, flow or activation check refused.
func (f Failure) automation() Cause {
	for _, code := range nestedCodes {
		if strings.Contains(f.Message, code) {
			nested := f
			nested.Code = code
			return Classify(nested)
		}
	}
	low := strings.ToLower(f.Message)
	switch {
	case strings.Contains(low, "system.limitexception"),
		strings.Contains(low, "too many soql"), strings.Contains(low, "cpu time limit"), strings.Contains(low, "too many dml"):
		// Governor limits depend on what else runs and on the size of the call.
		return Unavailable
	case strings.Contains(low, "insufficient privileges") || strings.Contains(low, "insufficient access"):
		return NoPermission
	case f.Code != "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", apex.MatchString(f.Message),
		strings.Contains(low, "execution of"), strings.Contains(low, "caused by"), strings.Contains(low, "flow"):
		return ValidationRule
	}
	return NoPermission
}

// apex finds what a message about a trigger says in every language: the event that it
// runs at, or the type of its exception.
var apex = regexp.MustCompile(`\b(Before|After)(Insert|Update|Delete|Undelete)\b|\b[A-Z]\w*Exception\b`)

// endsInForeignID reports whether the message ends in an id of an object that the field it
// is about does not refer to: in every language, "Account ID: id value of incorrect type: 003…".
func (f Failure) endsInForeignID() bool {
	id := f.Message[strings.LastIndexAny(f.Message, " :")+1:]
	if f.Object == nil || len(f.Fields) == 0 || !schema.ValidID(id) {
		return false
	}
	field := f.Object.Field(f.Fields[0])
	return field != nil && len(field.ReferenceTo) > 0 && !slices.ContainsFunc(field.ReferenceTo, func(object string) bool {
		prefix := schema.WellKnownPrefix(object)
		return prefix == "" || prefix == schema.KeyPrefix(id)
	})
}

// anyFieldReadOnly reports whether one of the fields is of a kind that nobody can
// write. Without a describe, only the system fields are known by their names.
func (f Failure) anyFieldReadOnly() bool {
	for _, name := range f.Fields {
		var field *schema.Field
		if f.Object != nil {
			field = f.Object.Field(name)
		}
		if field == nil {
			field = &schema.Field{Name: name, Permissionable: true}
		}
		why := field.WhyNotUpdateable()
		if f.Op == Create {
			why = field.WhyNotCreateable()
		}
		switch why {
		case schema.ReasonFormula, schema.ReasonRollUp, schema.ReasonAutoNumber, schema.ReasonCompound, schema.ReasonSystem:
			return true
		case schema.ReasonOnlyOnCreate, schema.ReasonOnlyOnUpdate:
			return true
		}
	}
	return false
}

// causeOfStatus serves answers without an error code: pages of proxies and of
// Salesforce's edge.
func causeOfStatus(status int) Cause {
	switch {
	case status == http.StatusMultipleChoices:
		return Duplicate
	case status == http.StatusUnauthorized:
		return Auth
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status >= 500, status == 420, status == http.StatusRequestTimeout:
		// 420: the edge knows no instance for the host, for a moment or for good.
		return Unavailable
	}
	return Unknown
}
