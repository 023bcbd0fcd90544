'use strict';

// Starts and stops the extension with an editor and a language client that are made up.

const test = require('node:test');
const assert = require('node:assert');
const Module = require('node:module');
const path = require('node:path');

// load returns the extension in an editor of its own, and what happened there.
function load(paths) {
  const log = [];
  const registered = {};
  const vscode = {
    workspace: {
      getConfiguration: () => ({ get: () => paths.now }),
      onDidChangeConfiguration: (listener) => {
        registered.configuration = listener;
        return {};
      },
    },
    commands: {
      registerCommand: (name, run) => {
        registered[name] = run;
        return {};
      },
      executeCommand: async (name) => log.push(name),
    },
    window: {
      showErrorMessage: (message) => {
        log.push(message);
        return new Promise((resolve) => (registered.answer = resolve));
      },
    },
  };
  class LanguageClient {
    constructor(id, name, server, options) {
      this.command = server.command;
      registered.selector = options.documentSelector;
    }
    async start() {
      this.starting = true;
      await new Promise(setImmediate);
      this.starting = false;
      if (this.command === 'missing') {
        throw new Error('ENOENT');
      }
      log.push(`start ${this.command}`);
    }
    async stop() {
      if (this.starting) {
        throw new Error('it is starting');
      }
      log.push(`stop ${this.command}`);
    }
  }
  const stubs = { vscode, 'vscode-languageclient/node': { LanguageClient, RevealOutputChannelOn: {} } };
  const real = Module._load;
  Module._load = (name, ...rest) => stubs[name] ?? real(name, ...rest);
  const file = path.join(__dirname, '..', 'extension.js');
  delete require.cache[file];
  const extension = require(file);
  Module._load = real;
  return { extension, registered, log };
}

const changed = { affectsConfiguration: () => true };

test('it starts, restarts and ends', async () => {
  const { extension, registered, log } = load({ now: 'sfsync' });
  await extension.activate({ subscriptions: [] });
  await registered['sfsync.restart']();
  await extension.deactivate();
  assert.deepStrictEqual(log, ['start sfsync', 'stop sfsync', 'start sfsync', 'stop sfsync']);
  assert.deepStrictEqual(registered.selector.map((s) => s.scheme), ['file', 'untitled']);
});

test('the last path counts, however fast it is typed', async () => {
  const paths = { now: 'a' };
  const { extension, registered, log } = load(paths);
  const active = extension.activate({ subscriptions: [] });
  for (paths.now of ['b', 'c']) {
    registered.configuration(changed);
  }
  await active;
  await extension.deactivate();
  assert.strictEqual(log.at(-1), 'stop c');
  assert.strictEqual(log.filter((l) => l.startsWith('start')).length, log.filter((l) => l.startsWith('stop')).length);
});

test('a program that is not there is asked for, and waits for nobody', async () => {
  const paths = { now: 'missing' };
  const { extension, registered, log } = load(paths);
  await extension.activate({ subscriptions: [] });
  assert.match(log[0], /missing lsp/);
  paths.now = 'sfsync';
  registered.configuration(changed);
  await extension.deactivate();
  assert.deepStrictEqual(log.slice(1), ['start sfsync', 'stop sfsync']);
  registered.answer('Set the path');
  await new Promise(setImmediate);
  assert.strictEqual(log.at(-1), 'workbench.action.openSettings');
});
