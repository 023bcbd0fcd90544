// Logs in to the simulated org at argv[2] with jsforce, in every way it has; any failed expectation ends it with an error.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const jsforce = require('jsforce');

const [url, redirectUri, username, password, keyFile] = process.argv.slice(2);

async function refusal(promise) {
  try {
    await promise;
  } catch (err) {
    return err;
  }
  assert.fail('the call should have been refused');
}

// browse goes through the pages as a browser does, and returns what comes back to the app.
async function browse(start, { allow = true } = {}) {
  let cookie = '';
  const send = async (target, body) => {
    const response = await fetch(target, { method: body ? 'POST' : 'GET', body, redirect: 'manual', headers: cookie ? { cookie } : {} });
    const set = response.headers.get('set-cookie');
    if (set) cookie = set.split(';')[0];
    return response;
  };
  let response = await send(start);
  for (let step = 0; response.status === 200 && step < 3; step++) {
    const page = await response.text();
    const request = /name="request" value="([^"]+)"/.exec(page)[1];
    const form = page.includes('id="password"') ? { request, do: 'login', username, password } : { request, do: allow ? 'allow' : 'deny' };
    response = await send(`${url}/services/oauth2/authorize`, new URLSearchParams(form));
  }
  assert.equal(response.status, 302);
  const back = new URL(response.headers.get('location'));
  assert.equal(back.origin + back.pathname, redirectUri);
  return back.searchParams;
}

// web is the flow of a server that keeps a secret; jsforce renews the token by itself.
async function web() {
  const oauth2 = new jsforce.OAuth2({ loginUrl: url, clientId: 'web', clientSecret: 'web-secret', redirectUri });
  const denied = await browse(oauth2.getAuthorizationUrl({ state: 's1' }), { allow: false });
  assert.equal(denied.get('error'), 'access_denied');
  assert.equal(denied.get('state'), 's1');

  const back = await browse(oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 's2' }));
  assert.equal(back.get('state'), 's2');
  const conn = new jsforce.Connection({ oauth2, version: '67.0' });
  const user = await conn.authorize(back.get('code'));
  assert.match(user.id, /^005/);
  assert.ok(conn.refreshToken);
  assert.equal((await conn.identity()).username, username);
  const organization = await conn.query('SELECT Id, IsSandbox, OrganizationType FROM Organization');
  assert.equal(organization.records[0].IsSandbox, false);
  assert.equal(organization.records[0].Id, user.organizationId);

  let refreshed = 0;
  conn.on('refresh', () => { refreshed++; });
  await fetch(`${url}/sim/clock`, { method: 'PATCH', body: '{"advance":"15m"}' });
  const made = await conn.sobject('Contact').create({ LastName: 'Ada' });
  assert.equal(made.success, true);
  assert.equal(refreshed, 1);

  assert.equal((await refusal(conn.authorize(back.get('code')))).message, 'expired authorization code');
  await oauth2.revokeToken(conn.refreshToken);
  assert.equal((await refusal(oauth2.refreshToken(conn.refreshToken))).message, 'expired access/refresh token');
}

// desktop is the flow of a program without a secret: PKCE, and refresh tokens that rotate.
async function desktop() {
  const oauth2 = new jsforce.OAuth2({ loginUrl: url, clientId: 'desktop', redirectUri, useVerifier: true });
  const back = await browse(oauth2.getAuthorizationUrl());
  const first = await oauth2.requestToken(back.get('code'));
  const second = await oauth2.refreshToken(first.refresh_token);
  const third = await oauth2.refreshToken(second.refresh_token);
  assert.notEqual(first.refresh_token, second.refresh_token);
  assert.equal((await refusal(oauth2.refreshToken(first.refresh_token))).message, 'expired access/refresh token');
  assert.equal((await refusal(oauth2.refreshToken(third.refresh_token))).message, 'expired access/refresh token');

  const stranger = new jsforce.OAuth2({ loginUrl: url, clientId: 'desktop', redirectUri, useVerifier: true });
  const stolen = await browse(oauth2.getAuthorizationUrl());
  assert.equal((await refusal(stranger.requestToken(stolen.get('code')))).name, 'invalid_request');
}

// server signs an assertion. jsforce brings it, but does not make it.
async function server() {
  const part = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
  const body = `${part({ alg: 'RS256' })}.${part({ iss: 'server', sub: username, aud: 'https://login.salesforce.com', exp: Math.floor(Date.now() / 1000) + 15 * 60 + 120 })}`;
  const assertion = `${body}.${crypto.sign('RSA-SHA256', Buffer.from(body), fs.readFileSync(keyFile)).toString('base64url')}`;
  const conn = new jsforce.Connection({ version: '67.0', oauth2: { loginUrl: url, clientId: 'server', clientSecret: 'server-secret', redirectUri } });
  await conn.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  assert.equal((await conn.identity()).username, username);
}

(async () => {
  await web();
  await desktop();
  await server();
  console.log('all expectations hold');
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
