import {expect} from 'chai';
import {readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import sharp from 'sharp';
import {Explorer} from '../../../dist/ui/server/explorer.js';
import {gan} from '../../commands/helpers.js';
import {tinyFlags} from '../../e2e/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

/** Processes that draw for this one, as Linux tells it. */
const renderers = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('renderer')
          ? [Number(pid)]
          : [];
      } catch {
        return [];
      }
    });

describe('Explorer', () => {
  let dir: string;
  /** Starting the process takes a second or more, so one serves all tests. */
  const explorer = new Explorer({packages: [], idleMs: 1500});
  const order = (value: number, more: object = {}) => ({
    dir,
    step: 2,
    newest: true,
    backend: 'wasm',
    latents: [Array<number>(8).fill(value)],
    ...more,
  });

  before(async () => {
    const cwd = folder();
    dir = path.join(cwd, 'run');
    const {code, stderr} = await gan(
      ['fit', 'builtin:shapes', ...tinyFlags, '--steps', '2', '--out', 'run', '--backend', 'wasm', '--quiet'],
      {cwd},
    );
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
  });
  after(() => {
    explorer.close();
    removeFolders();
  });

  it('starts no process before it draws', function () {
    if (process.platform !== 'linux') this.skip();
    expect(renderers()).to.have.length(0);
  });

  it('draws one at a time; of those that wait the newest, the others give nothing', async () => {
    const answers = await Promise.all([0, 1, 2, 3].map((value) => explorer.draw(order(value))));
    expect(answers.map((png) => png !== undefined)).to.deep.equal([true, false, false, true]);
    expect(answers[0]).to.not.deep.equal(answers[3]);
    expect(await explorer.draw(order(3)), 'the same latent').to.deep.equal(answers[3]);
    const {width, height, format} = await sharp(answers[0]).metadata();
    expect({width, height, format}).to.deep.equal({width: 16, height: 16, format: 'png'});
  });

  it('draws several latents in a row', async () => {
    const {width, height} = await sharp(
      await explorer.draw({...order(0), latents: [0, 1, 2].map((value) => Array<number>(8).fill(value))}),
    ).metadata();
    expect({width, height}).to.deep.equal({width: 3 * 18 + 2, height: 20});
  });

  it('draws images whose height differs from their width as they are', async () => {
    const cwd = path.dirname(dir);
    const flags = tinyFlags.map((flag) => (flag === '16' ? '16x24' : flag));
    const {code, stderr} = await gan(
      ['fit', 'builtin:shapes', ...flags, '--steps', '2', '--out', 'wide', '--backend', 'wasm', '--quiet'],
      {cwd},
    );
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    const wide = {dir: path.join(cwd, 'wide')};
    const one = await sharp(await explorer.draw(order(1, wide))).metadata();
    expect([one.height, one.width]).to.deep.equal([16, 24]);
    const row = await explorer.draw(order(1, {...wide, latents: [0, 1].map((value) => Array<number>(8).fill(value))}));
    const {height, width} = await sharp(row).metadata();
    expect([height, width]).to.deep.equal([16 + 4, 2 * 26 + 2]);
  });

  it('ends its process when nobody has drawn for long', async function () {
    if (process.platform !== 'linux') this.skip();
    await explorer.draw(order(0));
    expect(renderers()).to.have.length(1);
    for (let tries = 0; tries < 100 && renderers().length > 0; tries++) await sleep(100);
    expect(renderers()).to.have.length(0);
  });

  it('goes on after its process was killed in the middle of an order', async function () {
    if (process.platform !== 'linux') this.skip();
    await explorer.draw(order(0));
    const pid = renderers().at(-1)!;
    const drawing = explorer.draw(order(1)).then(
      () => 'drawn',
      (error: Error) => error.message,
    );
    process.kill(pid, 'SIGKILL');
    expect(await drawing).to.equal('the process that draws ended with SIGKILL');
    expect(await explorer.draw(order(1))).to.not.equal(undefined);
  });

  it('says what is wrong: the backend, the length of a latent, the checkpoint', async () => {
    const fault = (more: object): Promise<string> =>
      explorer.draw(order(0, more)).then(
        () => 'drawn',
        (error: Error) => error.message,
      );
    for (const backend of ['wsm', 'constructor'])
      expect(await fault({backend}))
        .to.contain(`'${backend}'`)
        .and.contain('wasm');
    expect(await fault({latents: [[1, 2, 3]]})).to.equal("the latents have 3 numbers, but the run's generator takes 8");
    expect(await fault({step: 1, newest: false})).to.contain('no checkpoint of step 1');
    rmSync(path.join(dir, 'checkpoints'), {recursive: true});
    expect(await fault({step: 3})).to.contain('has no checkpoint');
  });
}).timeout(60_000);
