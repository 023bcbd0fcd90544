package dsl

// schemaCodes are the codes of group S2xx: what the Salesforce schema does not allow.
var schemaCodes = []CodeInfo{
	{
		Code: "S201", Title: "unknown object",
		Explanation: "The org has no object of that name, or the connected user may not see it. Custom objects end in __c.",
		Bad: `rule Score
on survey response
update Contcat where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S202", Title: "unknown field",
		Explanation: "The object has no field of that API name, or the connected user may not see it: Salesforce does not tell the two apart. Rules use API names, not labels.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Scor__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S203", Title: "object cannot be written",
		Explanation: "The connected user may not create or update records of this object.",
		Bad: `rule Score
on survey response
update User where Id = profile.record_id
  set Email = contact.email
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Email = contact.email
`,
	},
	{
		Code: "S204", Title: "field cannot be written",
		Explanation: "Salesforce computes or keeps this field itself, or field-level security makes it read-only for the connected user. The message says which.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Group__c: Promoter
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S205", Title: "required field missing",
		Explanation: "A record of this object cannot be created without these fields. An update may leave them out.",
		Bad: `rule Lead from a survey
on survey response
create Lead
  set LastName = contact.last_name, Status: Open
`,
		Good: `rule Lead from a survey
on survey response
create Lead
  set LastName = contact.last_name, Company: Unknown
`,
	},
	{
		Code: "S206", Title: "not a value of the picklist",
		Explanation: "A restricted picklist refuses other values. An unrestricted one stores them beside the right ones, which is worse: reports then count two spellings. A guard that compares with a misspelt one never holds. API values count, not labels.",
		Bad: `rule Score
on survey response
update Lead where Id = profile.record_id
  set Status: Inprogres
`,
		Good: `rule Score
on survey response
update Lead where Id = profile.record_id
  set Status: In Progress
`,
	},
	{
		Code: "S207", Title: "not a value for the controlling field",
		Explanation: "The values of a dependent picklist depend on another field, and the same action sets that field to a value which does not allow this one.",
		Bad: `rule Score
on survey response
update Case where Id = profile.record_id
  set Product__c: App
      Product_Area__c: Staff
`,
		Good: `rule Score
on survey response
update Case where Id = profile.record_id
  set Product__c: App
      Product_Area__c: Login
`,
	},
	{
		Code: "S208", Title: "wrong kind of value",
		Explanation: "The field takes another kind of value. bool(…) reads yes and no, number(…) reads numbers, text(…) writes text, date(…) and datetime(…) make dates.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Survey_Consent__c: yes
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Survey_Consent__c = bool(answers.consent)
`,
	},
	{
		Code: "S209", Title: "text longer than the field",
		Explanation: "Salesforce refuses text that is longer than the field.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Title: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Title = truncate(answers.title, 128)
`,
	},
	{
		Code: "S210", Title: "number out of range",
		Explanation: "The number has more digits than the field holds.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = 12345
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = 10
`,
	},
	{
		Code: "S211", Title: "not a record id",
		Explanation: "A record id has 15 or 18 letters and digits; the last three of 18 are a checksum. Systems that change letters to capitals break ids.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set AccountId = "0015g00000AbCdEAAX"
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set AccountId = "0015g00000AbCdEAAV"
`,
	},
	{
		Code: "S212", Title: "the id of another object",
		Explanation: "The first three characters of an id say what it is an id of.",
		Bad: `rule Score
on survey response
update Contact where Id = "00Q5g00000AbCdEEAV"
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = "0035g00000AbCdEAAV"
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S213", Title: "a lookup to another object",
		Explanation: "The value is the id of a record, and the field points to records of another object.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
update Contact where Id = record.AccountId set Survey_Status__c: Invitation Sent
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
update Contact where Id = record.ContactId set Survey_Status__c: Invitation Sent
`,
	},
	{
		Code: "S214", Title: "not a parent to find",
		Explanation: "The left side names a relationship and an external-id field of the parent, such as Account.Crm_Key__c. Custom relationships end in __r.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Account.Name = profile.company
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Account.Crm_Key__c = profile.crm_key
`,
	},
	{
		Code: "S215", Title: "cannot be empty",
		Explanation: "The field is required, so it cannot be cleared.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set LastName = null
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Title = null
`,
	},
	{
		Code: "S216", Title: "not a date",
		Explanation: "Salesforce takes dates as 2026-11-23 and date-times as 2026-11-23T14:03:00Z, and nothing else.",
		Bad: `rule Score
on survey response
update Lead where Id = profile.record_id
  set Callback_At__c: Tomorrow
`,
		Good: `rule Score
on survey response
update Lead where Id = profile.record_id
  set Callback_At__c = date_add(event.time, "1d")
`,
	},
}
