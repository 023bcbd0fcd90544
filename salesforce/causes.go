package salesforce

import "time"

// Cause names why Salesforce did not do what was asked, in one word that is the
// same in the language, the run log and the documentation.
type Cause string

// The causes.
const (
	FieldNotWritable Cause = "field_not_writable"
	NoPermission     Cause = "no_permission"
	RateLimited      Cause = "rate_limited"
	RecordNotFound   Cause = "record_not_found"
	InvalidValue     Cause = "invalid_value"
	ValidationRule   Cause = "validation_rule"
	RequiredMissing  Cause = "required_missing"
	RecordLocked     Cause = "record_locked"
	WrongObject      Cause = "wrong_object"
	UnsupportedField Cause = "unsupported_field"
	Duplicate        Cause = "duplicate"
	Auth             Cause = "auth"
	Network          Cause = "network"
	StorageFull      Cause = "storage_full"
	Unavailable      Cause = "unavailable"
	Unknown          Cause = "unknown"
)

// CauseInfo explains a cause to a person.
type CauseInfo struct {
	Cause       Cause  `json:"cause"`
	Title       string `json:"title"`
	Explanation string `json:"explanation"`
	// Advice is a fix in a Salesforce admin's words.
	Advice string `json:"advice"`
	Retry  Retry  `json:"retry"`
}

// Retry says whether repeating a call can help, and at what pace.
type Retry struct {
	// Heals is true when the same call may succeed later without anybody
	// changing the rules or the data. The other fields are zero if it is false.
	Heals bool `json:"heals"`
	// First is the wait before the first repetition and Max the longest one;
	// waits grow from one to the other.
	First time.Duration `json:"first,omitempty"`
	Max   time.Duration `json:"max,omitempty"`
	// Attempts is how many repetitions are worth it, 0 for no limit but For.
	Attempts int `json:"attempts,omitempty"`
	// For is how long after the first failure it is worth repeating.
	For time.Duration `json:"for,omitempty"`
}

const day = 24 * time.Hour

// The paces of failures that share a cause but not the time they take to heal.
var (
	retryConcurrent  = Retry{Heals: true, First: 5 * time.Second, Max: 2 * time.Minute, For: day}
	retryDaily       = Retry{Heals: true, First: 15 * time.Minute, Max: time.Hour, For: 2 * day}
	retryLock        = Retry{Heals: true, First: 500 * time.Millisecond, Max: time.Minute, Attempts: 12, For: time.Hour}
	retryApproval    = Retry{Heals: true, First: time.Hour, Max: 6 * time.Hour, For: 3 * day}
	retryUnavailable = Retry{Heals: true, First: 2 * time.Second, Max: 10 * time.Minute, For: day}
	retryMaintenance = Retry{Heals: true, First: 5 * time.Minute, Max: 30 * time.Minute, For: day}
	retryInternal    = Retry{Heals: true, First: 5 * time.Second, Max: 5 * time.Minute, Attempts: 5, For: time.Hour}
)

var causes = []CauseInfo{
	{
		Cause:       FieldNotWritable,
		Title:       "A field cannot be written",
		Explanation: "The connected user may not edit a field that the rule sets, or cannot see it at all. To the API, a field that is hidden by field-level security and a field that does not exist look the same.",
		Advice:      "In Setup, give the integration user's profile or permission set Read and Edit access to the field, or take the field out of the rule. If the field was renamed or deleted, refresh the schema and check the rules again.",
	},
	{
		Cause:       NoPermission,
		Title:       "The user lacks a permission",
		Explanation: "The connected user may not create or edit this object, this record, or a record that it points at; or automation in the org refused on the same ground.",
		Advice:      "Give the integration user Create and Edit on the object and access to the record: through sharing, a role or a permission set. Check that the record's owner or parent is visible to that user.",
	},
	{
		Cause:       RateLimited,
		Title:       "An API limit is reached",
		Explanation: "The org has used up its API calls of the last 24 hours, or too many long calls run at the same time. All integrations of the org share both limits.",
		Advice:      "Nothing is lost: the write is repeated by itself. If it happens often, see which integrations use the calls (Setup, System Overview, API Usage), buy API calls, or change the share of them up to which sfsync makes its own (--quota-share of sfsync serve).",
		Retry:       retryDaily,
	},
	{
		Cause:       RecordNotFound,
		Title:       "The record does not exist",
		Explanation: "The record to write, or one that a lookup points at, does not exist, was deleted, merged or converted, or is not visible to the connected user.",
		Advice:      "Look the id up in Salesforce. If the record was deleted, restore it from the Recycle Bin; a converted lead lives on as a contact. If the id comes from a survey, check where the survey gets it from.",
	},
	{
		Cause:       InvalidValue,
		Title:       "A value does not fit its field",
		Explanation: "Salesforce refused a value: a text that is too long, a value that is not in the picklist, a date that is none, text in a number or checkbox.",
		Advice:      "Compare the value with the field's type in Object Manager. Convert it in the rule (date, datetime, number, bool, truncate), or add the missing value to the picklist.",
	},
	{
		Cause:       ValidationRule,
		Title:       "The org's own rules refused the write",
		Explanation: "A validation rule, trigger or flow in the org rejected the record. Its message says why, in the words of the person who wrote it.",
		Advice:      "Read the message, then set in the rule what it asks for, or let the validation rule leave out the integration user.",
	},
	{
		Cause:       RequiredMissing,
		Title:       "A required field is missing",
		Explanation: "A new record lacks a field that must have a value, or an update would empty such a field.",
		Advice:      "Set the field in the rule. If its value may be missing in an event, give it a default with ??.",
	},
	{
		Cause:       RecordLocked,
		Title:       "The record is locked",
		Explanation: "Another process is writing the same record or its parent, or the record waits for an approval.",
		Advice:      "The write is repeated by itself. If one record is locked often, look for flows, triggers and imports that write the same parent record. A record in approval is unlocked by the approver.",
		Retry:       retryLock,
	},
	{
		Cause:       WrongObject,
		Title:       "The id or name belongs to another object",
		Explanation: "The rule writes one object with the id of another, sets a lookup to a record of the wrong object, or names an object that this org does not have.",
		Advice:      "The first three characters of an id tell its object: 003 is a Contact, 00Q a Lead. Check which id the event carries and which object the rule names.",
	},
	{
		Cause:       UnsupportedField,
		Title:       "A field of this kind is never written",
		Explanation: "Formula, roll-up summary, auto-number, compound and system fields are filled by Salesforce alone.",
		Advice:      "Take the field out of the rule and set the fields that it is made from: FirstName and LastName in place of Name, MailingCity and its siblings in place of MailingAddress.",
	},
	{
		Cause:       Duplicate,
		Title:       "The record exists already",
		Explanation: "A duplicate rule or a unique field stopped a second record with the same values, or an external id matches more than one record.",
		Advice:      "Use upsert with an external id in place of create. If one external id matches several records, make the field unique and merge them.",
	},
	{
		Cause:       Auth,
		Title:       "The connection is not signed in",
		Explanation: "Salesforce does not accept the connection's credentials or its access token: revoked, expired, user frozen or inactive, or the app lacks the api scope.",
		Advice:      "Check in Setup that the integration user is active and the External Client App is enabled with the api scope. sfsync connect list says what is wrong with each connection. Events wait until it works.",
		Retry:       Retry{Heals: true, First: 5 * time.Minute, Max: time.Hour, For: 3 * day},
	},
	{
		Cause:       Network,
		Title:       "Salesforce could not be reached",
		Explanation: "The connection failed, it broke or timed out before an answer came, or something else than Salesforce answered.",
		Advice:      "Writes that are safe to repeat are repeated by themselves. If it stays, check DNS, proxy and firewall, and the instance URL of the connection.",
		Retry:       Retry{Heals: true, First: time.Second, Max: 5 * time.Minute, For: 3 * day},
	},
	{
		Cause:       StorageFull,
		Title:       "The org's data storage is full",
		Explanation: "Salesforce takes no new records because the org has used up its data storage.",
		Advice:      "In Setup, Storage Usage, see what fills it; delete or archive records, or buy storage. New records wait until there is room.",
		Retry:       Retry{Heals: true, First: 30 * time.Minute, Max: 4 * time.Hour, For: 3 * day},
	},
	{
		Cause:       Unavailable,
		Title:       "Salesforce is busy or down for a while",
		Explanation: "Salesforce answered that it is overloaded, in maintenance, or failed inside.",
		Advice:      "The write is repeated by itself. The state of the instance is on status.salesforce.com.",
		Retry:       retryUnavailable,
	},
	{
		Cause:       Unknown,
		Title:       "Salesforce refused for another reason",
		Explanation: "Salesforce answered with an error that sfsync has no name for. Code and message are shown as they came.",
		Advice:      "Search the error code in Salesforce's help. When the reason is gone, retry the run.",
	},
}

// Causes returns all causes, in the order of the documentation.
func Causes() []CauseInfo { return append([]CauseInfo(nil), causes...) }

// ExplainCause returns what is known about a cause.
func ExplainCause(c Cause) (CauseInfo, bool) {
	for _, info := range causes {
		if info.Cause == c {
			return info, true
		}
	}
	return CauseInfo{}, false
}
