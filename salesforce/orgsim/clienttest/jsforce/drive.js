// Drives the simulated org at argv[2] with jsforce; any failed expectation ends it with an error.
'use strict';
const assert = require('node:assert/strict');
const jsforce = require('jsforce');

const [url, clientId, clientSecret] = process.argv.slice(2);

async function refusal(promise) {
  try {
    await promise;
  } catch (err) {
    return err;
  }
  assert.fail('the call should have been refused');
}

async function main() {
  const conn = new jsforce.Connection({
    version: '67.0',
    oauth2: { loginUrl: url, clientId, clientSecret, redirectUri: url },
  });
  const user = await conn.authorize({ grant_type: 'client_credentials' });
  assert.match(user.organizationId, /^00D\w{15}$/);
  assert.equal(conn.instanceUrl, url);
  const identity = await conn.identity();
  assert.equal(identity.user_id, user.id);

  const versions = await conn.request('/services/data/');
  assert.equal(versions.at(-1).version, '68.0');

  const described = await conn.sobject('Case').describe();
  assert.equal(described.keyPrefix, '500');
  assert.equal(described.fields.find((f) => f.name === 'CaseNumber').autoNumber, true);
  const global = await conn.describeGlobal();
  assert.ok(global.sobjects.some((o) => o.name === 'Survey_Response__c'));

  const created = await conn.sobject('Contact').create({ LastName: 'Ada', NPS_Score__c: 9, Last_Survey_At__c: new Date(Date.UTC(2026, 10, 20, 14, 3, 5)).toISOString() });
  assert.equal(created.success, true);
  const updated = await conn.sobject('Contact').update({ Id: created.id, Survey_Status__c: 'Response Received' });
  assert.equal(updated.success, true);
  const read = await conn.sobject('Contact').retrieve(created.id);
  assert.equal(read.Name, 'Ada');
  assert.equal(read.Survey_Status__c, 'Response Received');
  assert.equal(read.Last_Survey_At__c, '2026-11-20T14:03:05.000+0000');
  assert.equal(read.NPS_Score__c, 9);

  const first = await conn.sobject('Survey_Response__c').upsert({ Response_Id__c: 'r-1', Score__c: 3, Contact__c: created.id }, 'Response_Id__c');
  const second = await conn.sobject('Survey_Response__c').upsert({ Response_Id__c: 'r-1', Score__c: 4 }, 'Response_Id__c');
  assert.deepEqual([first.created, second.created], [true, false]);
  assert.equal(first.id, second.id);

  const many = await conn.sobject('Contact').create(Array.from({ length: 450 }, (_, i) => ({ LastName: i === 3 ? null : `C${i}` })), { allowRecursive: true });
  assert.equal(many.length, 450);
  assert.deepEqual(many.filter((r) => !r.success).map((r) => r.errors[0].statusCode), ['REQUIRED_FIELD_MISSING']);
  assert.equal(many[3].success, false);
  const upserts = await conn.sobject('Survey_Response__c').upsert([{ Response_Id__c: 'r-1', Score__c: 5 }, { Response_Id__c: 'r-2', Score__c: 11 }], 'Response_Id__c');
  assert.deepEqual(upserts.map((r) => r.success), [true, true]);
  const removed = await conn.sobject('Contact').destroy([many[0].id, many[0].id]);
  assert.deepEqual(removed.map((r) => r.success), [true, false]);
  assert.equal(removed[1].errors[0].statusCode, 'ENTITY_IS_DELETED');
  await assert.rejects(
    conn.sobject('Contact').create([{ LastName: 'x' }, { FirstName: 'y' }], { allOrNone: true }).then((list) => {
      assert.equal(list[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
      throw new Error('rolled back');
    }), /rolled back/);

  const found = await conn.query("SELECT Name, Contact__r.Name, Score__c FROM Survey_Response__c WHERE Contact__r.LastName = 'Ada' ORDER BY Score__c DESC LIMIT 5");
  assert.equal(found.totalSize, 1);
  assert.equal(found.records[0].Contact__r.Name, 'Ada');
  const picked = await conn.sobject('Contact').find({ LastName: { $like: 'C1%' }, DoNotCall: false }, ['Id', 'LastName']).sort({ LastName: -1 }).limit(2);
  assert.deepEqual(picked.map((r) => r.LastName), ['C199', 'C198']);
  assert.equal(await conn.sobject('Contact').count({ LastName: 'Ada' }), 1);

  for (const [code, values] of [
    ['INVALID_FIELD', { LastName: 'x', Nope__c: 1 }],
    ['REQUIRED_FIELD_MISSING', { FirstName: 'x' }],
    ['JSON_PARSER_ERROR', { LastName: 'x', DoNotCall: 'yes' }],
    ['INVALID_FIELD_FOR_INSERT_UPDATE', { LastName: 'x', NPS_Group__c: 'Promoter' }],
    ['STRING_TOO_LONG', { LastName: 'x'.repeat(81) }],
  ]) {
    const err = await refusal(conn.sobject('Contact').create(values));
    assert.equal(err.errorCode ?? err.name, code);
  }
  assert.equal((await refusal(conn.sobject('Contact').retrieve('003000000000001AAA'))).errorCode, 'NOT_FOUND');
  assert.equal((await refusal(conn.query('SELECT Nope FROM Contact'))).errorCode, 'INVALID_FIELD');

  assert.ok(conn.limitInfo.apiUsage.used > 10);
  const limits = await conn.limits();
  assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);

  // logging out makes the client forget its token, so another one tries it
  const late = new jsforce.Connection({ version: '67.0', instanceUrl: url, accessToken: conn.accessToken });
  await conn.logout();
  assert.equal((await refusal(late.query('SELECT Id FROM Contact'))).errorCode, 'INVALID_SESSION_ID');
}

main().then(() => console.log('all expectations hold'), (err) => {
  console.error(err);
  process.exitCode = 1;
});
