package dsl

// safetyCodes are the codes of group S3xx: what could do harm.
var safetyCodes = []CodeInfo{
	{
		Code: "S301", Title: "may loop",
		Explanation: "A rule on an outbound message writes to a record whose change sends such a message, so it could set itself off again and again, also through other rules. A trigger's guard that looks at a field which the write sets ends the loop. So does taking the permission Send Outbound Messages away from the connected user.",
		Bad: `rule Status on the case
on outbound message Case
update Case where Id = record.Id set Survey_Status__c: Invitation Sent
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
update Case where Id = record.Id set Survey_Status__c: Invitation Sent
`,
	},
	{
		Code: "S302", Title: "a status that nobody handles",
		Explanation: "The rule has arms for some statuses and no `otherwise`, so events with the other statuses change nothing.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
when Sent, Delivered
  update Case where Id = record.Id set Survey_Status__c: Invitation Sent
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null

when Sent, Delivered
  update Case where Id = record.Id set Survey_Status__c: Invitation Sent

otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
	},
	{
		Code: "S303", Title: "can never happen",
		Explanation: "A guard that is never true, or an arm whose statuses this kind of event never has.",
		Bad: `rule Score
on survey response if 1 > 2
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response if answers.nps > 2
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S304", Title: "a create that could happen twice",
		Explanation: "When the connection breaks after Salesforce has created the record and before it has said so, nobody knows whether the record is there. sfsync then never repeats the create, and shows the event as in doubt. An upsert by an external id has no such doubt: it is simply repeated.",
		Bad: `rule Log the response
on survey response
create Survey_Response__c
  set Score__c = answers.nps
`,
		Good: `rule Log the response
on survey response
upsert Survey_Response__c where Response_Id__c = response.id
  set Score__c = answers.nps
`,
	},
	{
		Code: "S305", Title: "many API calls",
		Explanation: "Writes that do the same to the same object share one API call among up to 200 records. A rule that takes many calls for 1,000 events uses up the org's daily calls. An update by an external id takes one call for each record.",
		Bad: `rule Score
on survey response
update Contact where Loyalty_Id__c = profile.loyalty_id
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
}
