import {expect} from 'chai';
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {fakeRun, metricsLine, request, startUi} from '../ui/helpers.js';
import {gan, jsonLines} from './helpers.js';

describe('gan ui', () => {
  after(removeFolders);

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`shows runs without tfjs, and ends with ${code} on ${signal} while a page watches`, async () => {
      const cwd = folder();
      const ui = await startUi(cwd, {withoutTfjs: true});
      expect(ui.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      const page = await request(ui.port, '/');
      expect(page.status).to.equal(200);
      expect(page.body.toString()).to.contain('<title>gan</title>');
      // the folder runs is not there yet
      expect(JSON.parse((await request(ui.port, '/api/runs')).body.toString())).to.deep.equal([]);
      fakeRun(path.join(cwd, 'runs/first'), {metrics: metricsLine(3, 0.5)});
      await sleep(1000);
      expect((await request(ui.port, '/api/runs')).body.toString()).to.contain('"name":"first"');
      const watching = request(ui.port, '/api/events?run=first').catch(() => 'closed');
      await sleep(200);
      expect(await ui.stop(signal)).to.equal(code);
      expect(await watching).to.equal('closed');
      expect(ui.stderr()).to.equal('Showing the runs in runs. Press Ctrl-C to stop.\n');
    });
  }

  it('takes the next port where the usual one is in use, but no other than the one asked for', async () => {
    const cwd = folder();
    const usual = 6160;
    const blocker = net.createServer();
    const port = await new Promise<number>((resolve) => {
      // in use already: as good
      blocker.on('error', () => resolve(usual)).listen(usual, '127.0.0.1', () => resolve(usual));
    });
    try {
      const ui = await startUi(cwd, {args: []});
      expect(ui.port).to.be.within(usual + 1, usual + 19);
      await ui.stop();
      const {code, stdout} = await gan(['ui', '--port', String(port), '--json'], {cwd});
      expect(code).to.equal(2);
      expect(jsonLines(stdout)[0]).to.have.nested.property('error.code', 'GAN_PORT_IN_USE');
    } finally {
      blocker.close();
    }
  });

  it('names a folder that is not there, a name that several runs have, and an address that is not of this machine', async () => {
    const cwd = folder();
    write(cwd, {'runs/light-a-1/config.json': '{}', 'runs/light-b-1/config.json': '{}'});
    for (const [args, code, name] of [
      [['nowhere'], 5, 'GAN_RUNS_NOT_FOUND'],
      [['light'], 2, 'GAN_RUN_AMBIGUOUS'],
      [['--host', '192.0.2.1'], 2, 'GAN_CANNOT_LISTEN'],
    ] as const) {
      const ran = await gan(['ui', ...args, '--json'], {cwd});
      expect(ran.code).to.equal(code);
      expect(jsonLines(ran.stdout)[0]).to.have.nested.property('error.code', name);
    }
  });

  it('--host: addresses are taken for names, other names are not', async () => {
    const ui = await startUi(folder(), {args: ['--port', '0', '--host', '0.0.0.0']});
    const status = async (host: string): Promise<number> =>
      (await request(ui.port, '/api/runs', {headers: {host}})).status;
    expect([await status('192.0.2.7:80'), await status('localhost'), await status('evil.example')]).to.deep.equal([
      200, 200, 403,
    ]);
    await ui.stop();
  });

  it('--open gives the address to the browser', async function () {
    if (process.platform !== 'linux') this.skip();
    const cwd = folder();
    const [browser, told] = [path.join(cwd, 'browser'), path.join(cwd, 'told')];
    writeFileSync(browser, `#!/bin/sh\necho "$1" > '${told}'\n`);
    chmodSync(browser, 0o755);
    const ui = await startUi(cwd, {
      args: ['--port', '0', '--open'],
      env: {BROWSER: browser, XDG_CURRENT_DESKTOP: '', DISPLAY: ''},
    });
    for (let tries = 0; tries < 50 && !existsSync(told); tries++) await sleep(100);
    await ui.stop();
    expect(readFileSync(told, 'utf8').trim()).to.equal(ui.url);
  });
}).timeout(30_000);
