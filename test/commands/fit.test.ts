import {expect} from 'chai';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {gan, jsonLines, once} from './helpers.js';

/** The smallest run that does everything: 16 images of 8x8, 4 steps an epoch. */
const tiny = [
  '--set',
  'recipe=wgan',
  '--size',
  '8',
  '--n-features',
  '4',
  '--n-extra-layers',
  '0',
  '--latent',
  '4',
  '--batch-size',
  '4',
  '--set',
  'source.count=16',
];
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** What training computed: the losses of all steps, without the times. */
const losses = (stdout: string): unknown[] =>
  jsonLines(stdout)
    .filter(({type}) => type === 'step')
    .map(({step, mode, loss}) => [step, mode, loss]);

describe('gan fit', () => {
  afterEach(removeFolders);

  it("trains, prints fastai's table on stdout and the rest on stderr, and says what comes next", async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(['fit', ...tiny, '--epochs', '2', '--n-crit', '1'], {cwd});
    expect(code).to.equal(0);
    const [header, first, second, ...rest] = stdout.trimEnd().split('\n');
    expect(header).to.match(/^epoch +train_loss +gen_loss +crit_loss +time$/);
    expect(first).to.match(/^0 +-?\d+\.\d{6} +-?\d+\.\d{6} +-?\d+\.\d{6} +\d\d:\d\d$/);
    expect(second).to.match(/^1 /);
    expect(rest.join('\n')).to.match(
      /sample grid +runs\/wgan-shapes-1\/samples\/.*\.png\ncheckpoint +runs.*\nrun folder +runs\/wgan-shapes-1\n/,
    );
    expect(stderr)
      .to.contain('gan generate runs/wgan-shapes-1\n')
      .and.match(/step \d+\/8 .*img\/s +\d\d:\d\d left/);
    expect(stderr).to.not.contain('\r').and.not.contain('\u001B');
    const run = path.join(cwd, 'runs/wgan-shapes-1');
    expect(json(path.join(run, 'config.json'))).to.include({size: 8, clip: 0.01, epochs: 2});
    expect(json(path.join(run, 'config.origins.json'))).to.include({
      size: '--size',
      clip: 'recipe wgan',
      seed: 'default',
      'arch.nFeatures': '--n-features',
    });
  });

  it('numbers runs, and takes a name by --out', async () => {
    const cwd = folder();
    for (let i = 0; i < 2; i++) await gan(['fit', ...tiny, '--steps', '1', '--recipe', 'gan'], {cwd});
    await gan(['fit', ...tiny, '--steps', '1', '--out', 'mine/run'], {cwd});
    for (const run of ['runs/gan-shapes-1', 'runs/gan-shapes-2', 'mine/run'])
      expect(existsSync(path.join(cwd, run, 'config.json')), run).to.equal(true);
  });

  it('--json: every line of stdout is an event; --quiet: silence on stderr', async () => {
    const {code, stdout, stderr} = await gan(['fit', ...tiny, '--steps', '5', '--json', '--quiet'], {cwd: folder()});
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    const events = jsonLines(stdout);
    expect(events[0]).to.include({type: 'start', steps: 5, items: 16});
    expect(events.filter(({type}) => type === 'step')).to.have.length(5);
    expect(events.at(-1)).to.include({type: 'end', run: 'runs/wgan-shapes-1', step: 5, interrupted: false});
  });

  it('--config of a run folder repeats the run exactly, whatever the recipe was', async () => {
    const cwd = folder();
    const first = await gan(['fit', ...tiny, '--steps', '7', '--seed', '3', '--clip', 'none', '--json', '--out', 'a'], {
      cwd,
    });
    const second = await gan(['fit', '--config', 'a/config.json', '--json', '--out', 'b'], {cwd});
    expect(losses(second.stdout)).to.deep.equal(losses(first.stdout)).and.to.have.length(7);
    expect(json(path.join(cwd, 'b/config.json'))).to.deep.equal(json(path.join(cwd, 'a/config.json')));
  });

  it("reads the project's configuration, in TypeScript, too; flags win", async () => {
    const cwd = folder();
    write(cwd, {
      'package.json': '{"name": "x"}',
      'gan.config.ts':
        'const size: number = 8;\nexport default {size, latent: 4, batchSize: 4, steps: 9, arch: {nFeatures: 4}, source: {count: 16}};',
    });
    const {code, stdout} = await gan(['fit', '--steps', '2', '--json'], {cwd});
    expect(code).to.equal(0);
    expect(jsonLines(stdout)[0]).to.include({steps: 2, items: 16});
  });

  describe('--resume', () => {
    it('goes on from the last checkpoint with the configuration of the run', async () => {
      const cwd = folder();
      const whole = await gan(['fit', ...tiny, '--steps', '8', '--json', '--out', 'whole'], {cwd});
      await gan(['fit', ...tiny, '--steps', '5', '--out', 'half'], {cwd});
      const rest = await gan(['fit', '--resume', 'half', '--steps', '8', '--json'], {cwd});
      expect(jsonLines(rest.stdout)[0]).to.include({type: 'start', step: 5});
      expect(losses(rest.stdout)).to.deep.equal(losses(whole.stdout).slice(5));
      expect(json(path.join(cwd, 'half/config.json'))).to.deep.equal(json(path.join(cwd, 'whole/config.json')));
      expect(json(path.join(cwd, 'half/config.origins.json'))).to.deep.equal(
        json(path.join(cwd, 'whole/config.origins.json')),
      );
    });

    for (const [flag, value] of [
      ['--wd', '1'],
      ['--size', '16'],
      ['--out', 'x'],
      ['--set', 'arch.nFeatures=8'],
      ['--recipe', 'gan'],
      ['--config', 'x.json'],
    ] as const) {
      it(`refuses ${flag}, which would change the run`, async () => {
        const cwd = folder();
        write(cwd, {'run/config.json': '{}'});
        const {code, stderr} = await gan(['fit', '--resume', 'run', flag, value], {cwd});
        expect(code).to.equal(2);
        expect(stderr).to.contain('GAN_RESUME_CHANGE').and.contain(flag);
      });
    }
  });

  describe('a signal', () => {
    const long = ['fit', ...tiny, '--epochs', '100000', '--sample-every', '0', '--out', 'run'];
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`${signal}: finishes the step, writes a checkpoint, says how to go on, exits ${code}`, async () => {
        const cwd = folder();
        const ran = await gan(long, {cwd, onStderr: once('step 1/', (kill) => kill(signal))});
        expect(ran.code).to.equal(code);
        expect(ran.stderr).to.contain('gan fit --resume run');
        const checkpoint = /checkpoint +(\S+)/.exec(ran.stdout)?.[1];
        expect(existsSync(path.join(cwd, checkpoint!, 'state.json'))).to.equal(true);
        const early = new URL(`signal-itself.mjs?text=Training in&signal=${signal}`, import.meta.url); // before the first step
        const more = await gan(['fit', '--resume', 'run', '--steps', '1000000', '--json'], {
          cwd,
          env: {NODE_OPTIONS: `--import=${early.href}`},
        });
        expect(more.code).to.equal(code);
        const [start, ...rest] = jsonLines(more.stdout);
        expect(start).to.have.property('step').that.is.greaterThan(0);
        expect(rest.at(-1)).to.include({type: 'end', interrupted: true, step: Number(start!['step']) + 1});
      });
    }
  });

  it('a diverged run exits 6', async () => {
    const {code, stderr} = await gan(
      ['fit', ...tiny, '--steps', '50', '--opt', 'sgd', '--lr', '1e38', '--clip', 'none'],
      {cwd: folder()},
    );
    expect(code).to.equal(6);
    expect(stderr).to.contain('GAN_DIVERGED');
  });

  it('gan generate and gan export use the result', async () => {
    const cwd = folder();
    await gan(['fit', ...tiny, '--steps', '2', '--out', 'run'], {cwd});
    const grid = await gan(['generate', 'run', '--n', '4', '--out', 'g.png', '--json'], {cwd});
    expect(JSON.parse(grid.stdout)).to.deep.equal({files: ['g.png']});
    const single = await gan(['generate', 'run', '--n', '10', '--out-dir', 'many', '--quiet'], {cwd});
    expect({code: single.code, stderr: single.stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(existsSync(path.join(cwd, 'many/01.png')) && existsSync(path.join(cwd, 'many/10.png'))).to.equal(true);
    const exported = await gan(['export', 'run', '--out', 'w.safetensors'], {cwd});
    expect({code: exported.code, stdout: exported.stdout}).to.deep.equal({code: 0, stdout: 'w.safetensors\n'});
    const again = await gan(['fit', ...tiny, '--steps', '1', '--init', 'w.safetensors'], {cwd});
    expect(again.code).to.equal(0);
  });
}).timeout(120_000);
