'use strict';

// Everything this extension knows of rules comes from `sfsync lsp`; here is only
// what starts it, and says so if it cannot be started.

const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn } = require('vscode-languageclient/node');

let client;

function program() {
  return vscode.workspace.getConfiguration('sfsync').get('path') || 'sfsync';
}

async function start() {
  const command = program();
  client = new LanguageClient(
    'sfsync',
    'sfsync',
    { command, args: ['lsp'] },
    {
      documentSelector: [{ language: 'sfsync' }],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.{sfsync,json,jsonl}') },
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `The language server did not start: ${command} lsp. Is sfsync installed?`,
      'Set the path',
    );
    if (choice) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'sfsync.path');
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand('sfsync.restart', restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('sfsync.path')) {
        restart();
      }
    }),
  );
  await start();
};

exports.deactivate = stop;
