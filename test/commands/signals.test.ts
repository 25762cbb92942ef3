import {expect} from 'chai';
import {spawn} from 'node:child_process';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {root} from './helpers.js';

const signals = pathToFileURL(path.join(root, 'dist/cli/command/signals.js')).href;

/** A process that listens, and after the first signal computes for ever without giving way. */
const script = `
import {listenForStop} from '${signals}';
const stop = listenForStop((name) => {
  console.log('first ' + name + ' ' + stop.signal.aborted + ' ' + stop.exitCode);
  setTimeout(() => { for (;;); }, 10);
});
setInterval(() => {}, 1000);
console.log('ready');`;

describe('listenForStop', () => {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${name}: the first aborts, the second ends the process even while it computes`, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {env: {PATH: process.env['PATH']}});
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output === 'ready\n') child.kill(name);
        else setTimeout(() => child.kill(name), 50);
      });
      const ended = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
      expect(output).to.equal(`ready\nfirst ${name} true ${code}\n`);
      expect(ended).to.equal(name);
    });
  }

  it('gives the process back when it is disposed of', async () => {
    const {listenForStop} = await import('../../dist/cli/command/signals.js');
    const before = process.listenerCount('SIGINT');
    const stop = listenForStop(() => {});
    expect(process.listenerCount('SIGINT')).to.equal(before + 1);
    stop.dispose();
    expect(process.listenerCount('SIGINT')).to.equal(before);
    expect(stop.exitCode).to.equal(undefined);
  });
}).timeout(20_000);
