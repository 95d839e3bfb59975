// SPDX-License-Identifier: Apache-2.0
//
// A client of the language server: JSON-RPC over the standard streams of a child process. It needs
// nothing but Node, so that the extension is used as it lies here.
'use strict';

const childProcess = require('child_process');

class Client {
  /// `onNotification(method, params)` hears what the server says by itself.
  constructor(command, args, onNotification, onExit) {
    this.pending = new Map();
    this.nextId = 1;
    this.buffer = Buffer.alloc(0);
    this.onNotification = onNotification;
    this.alive = true;
    this.process = childProcess.spawn(command, args, {stdio: ['pipe', 'pipe', 'pipe']});
    this.process.stdout.on('data', (data) => this.receive(data));
    this.process.stderr.on('data', () => {});
    this.process.stdin.on('error', () => {});
    const end = (reason) => {
      if (!this.alive)
        return;
      this.alive = false;
      for (const {reject} of this.pending.values())
        reject(new Error('the language server has ended'));
      this.pending.clear();
      onExit(reason);
    };
    this.process.on('error', (e) => end(e.message));
    this.process.on('exit', (code) => end(`exit status ${code}`));
  }

  receive(data) {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0)
        return;
      const length = /content-length: *(\d+)/i.exec(this.buffer.toString('latin1', 0, end));
      const begin = end + 4;
      const size = length ? Number(length[1]) : 0;
      if (this.buffer.length < begin + size)
        return;
      const text = this.buffer.toString('utf8', begin, begin + size);
      this.buffer = this.buffer.subarray(begin + size);
      this.dispatch(JSON.parse(text));
    }
  }

  dispatch(message) {
    if (message.method) {
      this.onNotification(message.method, message.params);
      return;
    }
    const waiting = this.pending.get(message.id);
    if (!waiting)
      return;
    this.pending.delete(message.id);
    if (message.error)
      waiting.reject(new Error(message.error.message));
    else
      waiting.resolve(message.result);
  }

  send(message) {
    if (!this.alive)
      return;
    const text = Buffer.from(JSON.stringify({jsonrpc: '2.0', ...message}), 'utf8');
    this.process.stdin.write(`Content-Length: ${text.length}\r\n\r\n`);
    this.process.stdin.write(text);
  }

  notify(method, params) {
    this.send({method, params});
  }

  request(method, params) {
    if (!this.alive)
      return Promise.reject(new Error('the language server has ended'));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, {resolve, reject});
      this.send({id, method, params});
    });
  }

  async stop() {
    if (!this.alive)
      return;
    try {
      await this.request('shutdown', null);
      this.notify('exit', null);
    } catch (e) {
      this.process.kill();
    }
  }
}

module.exports = {Client};
