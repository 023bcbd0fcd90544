package orgsim

// Assumptions are the points on which public sources disagree about Salesforce, or on
// which none speaks. The zero value is this package's best guess at each; a switch turns a
// guess into the other thing that has been reported or is thinkable, so that a
// program can be tried against both.
type Assumptions struct {
	// UnknownFieldFailsCall makes an unknown field in one row fail the whole Collections
	// call. Otherwise it is an error of the row (seen in captures of update calls).
	UnknownFieldFailsCall bool `json:"unknownFieldFailsCall,omitempty"`
	// WrongTypeFailsRow makes a value of the wrong JSON type an error of its row only.
	// Otherwise the whole call fails with 400 JSON_PARSER_ERROR.
	WrongTypeFailsRow bool `json:"wrongTypeFailsRow,omitempty"`
	// NumberTextAccepted lets "12" into a number field. Otherwise it is a wrong JSON type.
	NumberTextAccepted bool `json:"numberTextAccepted,omitempty"`
	// NullBooleanIsFalse stores null in a checkbox as false. Otherwise it is a wrong JSON type.
	NullBooleanIsFalse bool `json:"nullBooleanIsFalse,omitempty"`
	// KeepBlanks keeps leading and trailing blanks of text. Otherwise they are cut off.
	KeepBlanks bool `json:"keepBlanks,omitempty"`
	// MultiPicklistSpaced returns "A; B". Otherwise it is "A;B", as it is written.
	MultiPicklistSpaced bool `json:"multiPicklistSpaced,omitempty"`
	// IDInBodyIgnored lets a row's own id stand in the body of a single-row call.
	// Otherwise it is INVALID_FIELD. The same goes for the external id of an upsert.
	IDInBodyIgnored bool `json:"idInBodyIgnored,omitempty"`
	// DependentPicklistsLoose accepts a value that the controlling field does not allow.
	// Otherwise a restricted dependent picklist refuses it.
	DependentPicklistsLoose bool `json:"dependentPicklistsLoose,omitempty"`
	// SameRecordTwice lets one Collections call write the same record twice, in order.
	// Otherwise each row that names it fails with DUPLICATE_VALUE.
	SameRecordTwice bool `json:"sameRecordTwice,omitempty"`
	// PolymorphicNeedsType wants attributes.type in a nested parent of a polymorphic
	// lookup. Otherwise all objects it may refer to are searched.
	PolymorphicNeedsType bool `json:"polymorphicNeedsType,omitempty"`
	// LockStatus is the HTTP status of UNABLE_TO_LOCK_ROW; 0 is 400, 500 has been seen.
	LockStatus int `json:"lockStatus,omitempty"`
	// AccessStatus is that of INSUFFICIENT_ACCESS_OR_READONLY; 0 is 400, 403 has been seen.
	AccessStatus int `json:"accessStatus,omitempty"`
	// StorageStatus is that of STORAGE_LIMIT_EXCEEDED; 0 is 400, 403 has been reported.
	StorageStatus int `json:"storageStatus,omitempty"`
	// WrongLookupCode is the error code for a lookup to a record of another object; empty is
	// FIELD_INTEGRITY_EXCEPTION, INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD and MALFORMED_ID have been seen.
	WrongLookupCode string `json:"wrongLookupCode,omitempty"`
	// CollectionErrorStatus is the HTTP status of a Collections answer in which every row
	// failed; 0 is 200, one connector's tests expect 400 with the same array.
	CollectionErrorStatus int `json:"collectionErrorStatus,omitempty"`
	// NotificationPerChange queues an outbound message's notification for every change of a record.
	// Otherwise one that waits for its first attempt stands for later changes as well.
	NotificationPerChange bool `json:"notificationPerChange,omitempty"`
	// DeletedKeepsID leaves the Id in the notification of a deleted record. Otherwise its sObject is
	// empty. ("Contains no data" is all that is documented.)
	DeletedKeepsID bool `json:"deletedKeepsID,omitempty"`
	// EmptySessionID sends an empty SessionId. Otherwise it is nil.
	EmptySessionID bool `json:"emptySessionID,omitempty"`
	// PlainNumbers writes 139000000.0 in outbound messages. Otherwise large and small numbers have
	// an exponent, as in 1.39E8.
	PlainNumbers bool `json:"plainNumbers,omitempty"`
	// ShortAssertions refuses assertions of the JWT bearer flow that live longer than the documented 3
	// minutes. Otherwise 5 are fine, which clients ask for.
	ShortAssertions bool `json:"shortAssertions,omitempty"`
	// ShortVerifiers refuses PKCE verifiers of more than the 128 characters of RFC 7636. Otherwise 171 are
	// fine, which is what 128 bytes come to.
	ShortVerifiers bool `json:"shortVerifiers,omitempty"`
	// ReuseFailsOnly lets a grant live on when a refresh token comes that was replaced. Otherwise the grant
	// ends, with its newest refresh token and its sessions.
	ReuseFailsOnly bool `json:"reuseFailsOnly,omitempty"`
	// LenientAck takes an Ack within notifications too, as several listeners send it. Otherwise it
	// has to be in notificationsResponse.
	LenientAck bool `json:"lenientAck,omitempty"`
}
