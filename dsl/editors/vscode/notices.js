'use strict';

// Writes ThirdPartyNotices.txt: the licences of the packages that esbuild has put into
// the extension, as its metafile tells. Their terms ask for that wherever they go.

const fs = require('node:fs');
const path = require('node:path');

const { inputs } = JSON.parse(fs.readFileSync('meta.json', 'utf8'));
const folders = new Set();
for (const input of Object.keys(inputs)) {
  const folder = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/);
  if (folder) {
    folders.add(folder[0]);
  }
}
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  if (!file) {
    throw new Error(`${name} ${version} (${license}) comes without the text of its licence`);
  }
  return `${name} ${version} (${license})\n\n${fs.readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
});
fs.writeFileSync(
  'ThirdPartyNotices.txt',
  ['This extension has the following packages within it.\n', ...notices].join(`\n${'-'.repeat(80)}\n\n`),
);
