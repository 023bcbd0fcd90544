'use strict';

// Everything this extension knows of rules comes from `sfsync lsp`; here is only
// what starts it, and says so if it cannot be started.

const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn } = require('vscode-languageclient/node');

let client;

// A client that leaves it to askForPath to say that the program did not start.
class Client extends LanguageClient {
  error(message, data, show) {
    super.error(message, data, this.started ? show : false);
  }
}

async function start() {
  const command = vscode.workspace.getConfiguration('sfsync').get('path') || 'sfsync';
  client = new Client(
    'sfsync',
    'sfsync',
    { command, args: ['lsp'] },
    {
      // Not what version control shows of the past, which lies beside no schema.
      documentSelector: [
        { scheme: 'file', language: 'sfsync' },
        { scheme: 'untitled', language: 'sfsync' },
      ],
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  try {
    await client.start();
    client.started = true;
  } catch (error) {
    client = undefined;
    askForPath(command); // nobody waits for the answer
  }
}

async function askForPath(command) {
  const choice = await vscode.window.showErrorMessage(
    `The language server did not start: ${command} lsp. Is sfsync installed?`,
    'Set the path',
  );
  if (choice) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'sfsync.path');
  }
}

async function stop() {
  const running = client;
  client = undefined;
  try {
    await running?.stop();
  } catch (error) {
    // It has ended already, and said why.
  }
}

// One after the other: a server that is starting cannot be stopped yet.
let turn = Promise.resolve();

function next(...steps) {
  for (const step of steps) {
    turn = turn.then(step);
  }
  return turn;
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand('sfsync.restart', () => next(stop, start)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('sfsync.path')) {
        next(stop, start);
      }
    }),
  );
  return next(start);
};

exports.deactivate = () => next(stop);
