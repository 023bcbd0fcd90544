package dsl

// nameCodes are the codes of group S1xx: names that mean nothing here.
var nameCodes = []CodeInfo{
	{
		Code: "S101", Title: "unknown trigger",
		Explanation: "There are two triggers: `on outbound message OBJECT`, when something happened to a Salesforce record, and `on survey response`, with or without the id of a survey, when someone answered or did not.",
		Bad: `rule Score
on survey answer
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S102", Title: "unknown status",
		Explanation: "An arm names a status that is neither built in nor declared by a `statuses` line. A misspelt status would never match, so it is an error. Case, blanks, hyphens and underscores do not count.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
when Deliverd
  update Case where Id = record.Id set Survey_Status__c: Delivered
otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
		Good: `statuses Soft Bounce

rule Status on the case
on outbound message Case if record.Survey_Status__c == null

when Delivered, Soft Bounce
  update Case where Id = record.Id set Survey_Status__c: Delivered

otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
	},
	{
		Code: "S103", Title: "unknown name",
		Explanation: "An expression begins with a group of values of the event (answers, profile, record and so on) or with a name that a `let` gave. Static text takes a colon instead of an equals sign.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = anwsers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S104", Title: "unknown part",
		Explanation: "Some groups of values have fixed parts: event, distribution, survey and response. This one has no part of that name, or the path stops too early or goes too far.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Last_Survey_At__c = response.datum
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Last_Survey_At__c = response.date
`,
	},
	{
		Code: "S105", Title: "unknown function",
		Explanation: "There is no function of that name. `sfsync explain` lists them all. There is no now(): a rule gives the same result whenever it runs.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = trimm(answers.comment)
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = trim(answers.comment)
`,
	},
	{
		Code: "S106", Title: "unknown connection",
		Explanation: "Rules write through a connection, and there is none of that name.",
		Bad: `connection prodution

rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
		Good: `connection production

rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S107", Title: "name used twice",
		Explanation: "Two rules, or two tests of a file, have the same name. The run log tells rules apart by their names.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

rule Score
on survey response
update Contact where Id = profile.contact_id
  set Lifetime_Value__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

rule Value
on survey response
update Contact where Id = profile.contact_id
  set Lifetime_Value__c = answers.nps
`,
	},
	{
		Code: "S108", Title: "status handled twice",
		Explanation: "An event takes the first arm that names its status, so the second would never run for it.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
when Sent, Delivered
  update Case where Id = record.Id set Survey_Status__c: Sent
when Delivered
  update Case where Id = record.Id set Survey_Status__c: Delivered
otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null

when Sent
  update Case where Id = record.Id set Survey_Status__c: Sent

when Delivered
  update Case where Id = record.Id set Survey_Status__c: Delivered

otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
	},
	{
		Code: "S109", Title: "arm after otherwise",
		Explanation: "`otherwise` takes every status that no arm above it names. It stands last.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
when Sent
  update Case where Id = record.Id set Survey_Status__c: Sent
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null

when Sent
  update Case where Id = record.Id set Survey_Status__c: Sent

otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
`,
	},
	{
		Code: "S110", Title: "field set twice",
		Explanation: "One action sets the same field twice, and only one value can be sent. The external id of an upsert is set by its `where` already.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps, NPS_Score__c = answers.score
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps ?? answers.score
`,
	},
	{
		Code: "S111", Title: "which record?",
		Explanation: "An update or upsert says which record it means: `where Id = …`, or `where` and an external-id field.",
		Bad: `rule Score
on survey response
update Contact
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S112", Title: "not a field to find a record by",
		Explanation: "A record is found by its Id or by a field that is marked as External ID in Salesforce. An upsert needs an external id: a record that is not there has no Id yet.",
		Bad: `rule Score
on survey response
update Contact where Phone = contact.phone
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S113", Title: "not known to this kind of rule",
		Explanation: "An outbound message says that something happened to a record. Answers and the response are known only when someone responds, and the record only comes with a message.",
		Bad: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
update Case where Id = record.Id set Survey_Status__c = answers.status
`,
		Good: `rule Status on the case
on outbound message Case if record.Survey_Status__c == null
update Case where Id = record.Id set Survey_Status__c = vars.status
`,
	},
	{
		Code: "S114", Title: "no sample event has this path",
		Explanation: "Sample events are at hand, and none of them has a value at this path. A misspelt path gives a missing value, and a missing value leaves the field as it is.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.npss
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S115", Title: "where on a create",
		Explanation: "A create makes a new record, so there is none to find.",
		Bad: `rule Ticket
on survey response
create Lead where Id = profile.lead_id
  set LastName = contact.last_name, Company = contact.company, Status: Open
`,
		Good: `rule Ticket
on survey response
create Lead
  set LastName = contact.last_name, Company = contact.company, Status: Open
`,
	},
	{
		Code: "S117", Title: "a rule that does nothing",
		Explanation: "This rule has no action, so no event changes anything in Salesforce by it.",
		Bad: `rule Score
on survey response
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
	},
	{
		Code: "S118", Title: "name already taken",
		Explanation: "A `let` gives a name to a value, and this name already means something else here.",
		Bad: `rule Score
on survey response
let answers = vars.nps
update Contact where Id = profile.contact_id
  set NPS_Score__c = vars.nps
`,
		Good: `rule Score
on survey response
let score = vars.nps
update Contact where Id = profile.contact_id
  set NPS_Score__c = score
`,
	},
	{
		Code: "S120", Title: "a test compares with a fixed value",
		Explanation: "What a test gives and expects stands in the test itself, so it cannot depend on the event.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
expect update Contact
  set NPS_Score__c = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
expect update Contact
  set NPS_Score__c = 9
`,
	},
	{
		Code: "S121", Title: "unknown cause",
		Explanation: "A failure has one of a fixed set of causes. `sfsync explain` lists them all.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Broken id
given events/responded.json
expect failed invalid_valu
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Broken id
given events/responded.json
expect failed invalid_value
`,
	},
	{
		Code: "S122", Title: "a test without an event",
		Explanation: "A test names the file of at least one event with `given`, relative to the folder that the test stands in. A `with` changes the events of the `given` above it.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
expect update Contact
  set NPS_Score__c = 9
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
expect update Contact
  set NPS_Score__c = 9
`,
	},
	{
		Code: "S123", Title: "a file of a test that is not there",
		Explanation: "A test names a file of events, or one that sets the simulated org up, and it cannot be read. A path begins at the folder that the test stands in.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/nowhere.json
expect update Contact
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
expect update Contact
`,
	},
	{
		Code: "S124", Title: "a test that cannot fail",
		Explanation: "A test without `expect` only fails if something goes wrong that nobody expected. Say what is to be written, or that nothing is.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps

test Score is written
given events/responded.json
expect update Contact
expect nothing else
`,
	},
	{
		Code: "S125", Title: "a rule in a file of tests",
		Explanation: "A file whose name ends in _test.sfsync holds tests of the rules beside it. A rule in it would run for real events like any other, where nobody looks for it: so rules are kept in files of their own, and nothing runs while one is in a file of tests.",
		Bad: `# stands in rules_test.sfsync
rule Score
on survey response
update Contact where Id = profile.contact_id
  set NPS_Score__c = answers.nps
`,
		Good: `# stands in rules_test.sfsync, beside rules.sfsync
test Score is written
given events/responded.json
expect update Contact
`,
	},
	{
		Code: "S130", Title: "wrong values for a function",
		Explanation: "The function takes another number of values, or another kind of value.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = truncate(answers.comment)
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = truncate(answers.comment, 200)
`,
	},
	{
		Code: "S131", Title: "values that do not go together",
		Explanation: "An operator works between values of certain kinds: numbers with numbers, text with text. A guard and a condition are true or false.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = "Score " + round(answers.nps)
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = "Score " + text(answers.nps)
`,
	},
	{
		Code: "S132", Title: "not part of the language",
		Explanation: "Expressions compute one value from the event. Loops, ranges, objects and patterns that are not fixed text are left out, so that every rule ends in time that can be known.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = join(1..3)
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = join(answers.reasons)
`,
	},
}
