package dsl

// styleCodes are the codes of group S4xx: what was probably meant otherwise.
var styleCodes = []CodeInfo{
	{
		Code: "S401", Title: "quotes round static text",
		Explanation: "Static text is the rest of the line, and quotes would be sent with it.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c: "Response Received"
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c: Response Received
`,
	},
	{
		Code: "S402", Title: "text that looks like a value",
		Explanation: "After a colon everything is text, up to the end of the line: names of values, clauses and comments, too. A value of the event takes an equals sign, or single braces in a text.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c: answers.comment
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = answers.comment
`,
	},
	{
		Code: "S403", Title: "a number as text",
		Explanation: "After a colon everything is text. A number takes an equals sign, and text such as a postal code a colon: a number loses the zeros that do not count.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c: 10
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set NPS_Score__c = 10
`,
	},
	{
		Code: "S404", Title: "the text null",
		Explanation: "After a colon everything is text, so this would write the word. A field is cleared by = null.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c: null
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = null
`,
	},
	{
		Code: "S405", Title: "a guard that is always true",
		Explanation: "The guard lets everything through, so it can be left out, or it does not say what was meant.",
		Bad: `rule Score
on survey response if 2 > 1
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
		Code: "S406", Title: "nil instead of null",
		Explanation: "A missing value is written null.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = nil
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = null
`,
	},
	{
		Code: "S407", Title: "an empty text",
		Explanation: "Salesforce keeps no empty text: it would clear the field. As a survey's empty answer must not wipe anything, empty text leaves a field as it is, and only = null clears it.",
		Bad: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = ""
      NPS_Score__c        = answers.nps
`,
		Good: `rule Score
on survey response
update Contact where Id = profile.record_id
  set Customer_Comment__c = null
      NPS_Score__c        = answers.nps
`,
	},
}
