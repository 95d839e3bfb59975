// SPDX-License-Identifier: Apache-2.0
//
// Connects VS Code with `wnnx-pat lsp`.
'use strict';

const vscode = require('vscode');
const {Client} = require('./client');

let client;

function range(r) {
  return new vscode.Range(r.start.line, r.start.character, r.end.line, r.end.character);
}

function place(document, position) {
  return {
    textDocument: {uri: document.uri.toString()},
    position: {line: position.line, character: position.character},
  };
}

/// The edit of a workspace that an answer describes.
function workspaceEdit(answer) {
  const edit = new vscode.WorkspaceEdit();
  for (const [uri, changes] of Object.entries(answer.changes)) {
    edit.set(vscode.Uri.parse(uri),
             changes.map((c) => vscode.TextEdit.replace(range(c.range), c.newText)));
  }
  return edit;
}

function publish(collection, params) {
  collection.set(vscode.Uri.parse(params.uri), params.diagnostics.map((d) => {
    const out = new vscode.Diagnostic(range(d.range), d.message, d.severity === 1
        ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning);
    out.code = d.code;
    out.source = d.source;
    out.relatedInformation = (d.relatedInformation || []).map(
        (r) => new vscode.DiagnosticRelatedInformation(
            new vscode.Location(vscode.Uri.parse(r.location.uri), range(r.location.range)),
            r.message));
    return out;
  }));
}

async function activate(context) {
  const collection = vscode.languages.createDiagnosticCollection('pat');
  const command = vscode.workspace.getConfiguration('wnnx').get('pat.path') || 'wnnx-pat';
  client = new Client(command, ['lsp', '--stdio'], (method, params) => {
    if (method === 'textDocument/publishDiagnostics')
      publish(collection, params);
  }, (reason) => {
    collection.clear();
    vscode.window.showWarningMessage(
        `${command} lsp: ${reason}. The setting wnnx.pat.path says where wnnx-pat is.`);
  });
  context.subscriptions.push(collection);
  let legend;
  try {
    const {capabilities} = await client.request(
        'initialize', {processId: process.pid, rootUri: null, capabilities: {}});
    legend = capabilities.semanticTokensProvider && capabilities.semanticTokensProvider.legend;
  } catch (e) {
    return;
  }
  client.notify('initialized', {});

  const isRules = (d) => d.languageId === 'pat';
  const opened = (d) => isRules(d) && client.notify('textDocument/didOpen', {
    textDocument: {uri: d.uri.toString(), languageId: 'pat', version: d.version, text: d.getText()},
  });
  vscode.workspace.textDocuments.forEach(opened);
  const on = (subscription) => context.subscriptions.push(subscription);
  on(vscode.workspace.onDidOpenTextDocument(opened));
  on(vscode.workspace.onDidChangeTextDocument(({document: d}) => isRules(d) &&
      client.notify('textDocument/didChange', {
        textDocument: {uri: d.uri.toString(), version: d.version},
        contentChanges: [{text: d.getText()}],
      })));
  on(vscode.workspace.onDidSaveTextDocument((d) => isRules(d) &&
      client.notify('textDocument/didSave', {textDocument: {uri: d.uri.toString()}})));
  on(vscode.workspace.onDidCloseTextDocument((d) => isRules(d) &&
      client.notify('textDocument/didClose', {textDocument: {uri: d.uri.toString()}})));

  const selector = {language: 'pat'};
  on(vscode.languages.registerHoverProvider(selector, {
    async provideHover(document, position) {
      const h = await client.request('textDocument/hover', place(document, position));
      return h && new vscode.Hover(new vscode.MarkdownString(h.contents.value), range(h.range));
    },
  }));
  on(vscode.languages.registerCompletionItemProvider(selector, {
    async provideCompletionItems(document, position) {
      const list = await client.request('textDocument/completion', place(document, position));
      return list.items.map((i) => {
        const item = new vscode.CompletionItem(i.label, i.kind - 1);
        item.detail = i.detail;
        item.documentation = i.documentation;
        return item;
      });
    },
  }, '@', '&', '.'));
  on(vscode.languages.registerDefinitionProvider(selector, {
    async provideDefinition(document, position) {
      const l = await client.request('textDocument/definition', place(document, position));
      return l && new vscode.Location(vscode.Uri.parse(l.uri), range(l.range));
    },
  }));
  on(vscode.languages.registerReferenceProvider(selector, {
    async provideReferences(document, position, context_) {
      const list = await client.request('textDocument/references', {
        ...place(document, position), context: {includeDeclaration: context_.includeDeclaration},
      });
      return list.map((l) => new vscode.Location(vscode.Uri.parse(l.uri), range(l.range)));
    },
  }));
  // A refusal is an error of the request, whose text the editor shows.
  on(vscode.languages.registerRenameProvider(selector, {
    async prepareRename(document, position) {
      const r = await client.request('textDocument/prepareRename', place(document, position));
      if (!r)
        throw new Error('there is no name here');
      return {range: range(r.range), placeholder: r.placeholder};
    },
    async provideRenameEdits(document, position, newName) {
      return workspaceEdit(await client.request('textDocument/rename',
                                                {...place(document, position), newName}));
    },
  }));
  on(vscode.languages.registerCodeActionsProvider(selector, {
    async provideCodeActions(document, where) {
      const plain = (p) => ({line: p.line, character: p.character});
      const list = await client.request('textDocument/codeAction', {
        textDocument: {uri: document.uri.toString()},
        range: {start: plain(where.start), end: plain(where.end)}, context: {diagnostics: []},
      });
      return list.map((a) => {
        const action = new vscode.CodeAction(a.title, vscode.CodeActionKind.QuickFix);
        action.edit = workspaceEdit(a.edit);
        action.isPreferred = a.isPreferred;
        return action;
      });
    },
  }, {providedCodeActionKinds: [vscode.CodeActionKind.QuickFix]}));
  if (legend) {
    on(vscode.languages.registerDocumentSemanticTokensProvider(selector, {
      async provideDocumentSemanticTokens(document) {
        const {data} = await client.request('textDocument/semanticTokens/full',
                                            {textDocument: {uri: document.uri.toString()}});
        return new vscode.SemanticTokens(new Uint32Array(data));
      },
    }, new vscode.SemanticTokensLegend(legend.tokenTypes, legend.tokenModifiers)));
  }
  on(vscode.languages.registerDocumentSymbolProvider(selector, {
    async provideDocumentSymbols(document) {
      const list = await client.request('textDocument/documentSymbol',
                                        {textDocument: {uri: document.uri.toString()}});
      return list.map((s) => new vscode.DocumentSymbol(s.name, s.detail, s.kind - 1, range(s.range),
                                                       range(s.selectionRange)));
    },
  }));
  on(vscode.languages.registerDocumentFormattingEditProvider(selector, {
    async provideDocumentFormattingEdits(document) {
      const edits = await client.request('textDocument/formatting', {
        textDocument: {uri: document.uri.toString()}, options: {tabSize: 2, insertSpaces: true},
      });
      return edits.map((e) => vscode.TextEdit.replace(range(e.range), e.newText));
    },
  }));
}

function deactivate() {
  return client && client.stop();
}

module.exports = {activate, deactivate};
