import {expect} from 'chai';
import {existsSync, readFileSync, readdirSync, statSync, utimesSync} from 'node:fs';
import path from 'node:path';
import {findRuns, summariseRun} from '../../dist/runs/run-summary.js';
import {differences} from '../../dist/cli/run/runs-report.js';
import {isRunEntry} from '../../dist/runs/run-folder.js';
import {lockRun} from '../../dist/runs/run-lock.js';
import {json, tinyFlags} from '../e2e/helpers.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';
import {gan, jsonLines, type Ran} from './helpers.js';

describe('gan runs', () => {
  let cwd: string;
  const run = async (...args: string[]): Promise<Ran> => gan(args, {cwd});
  const at = (...names: string[]): string => path.join(cwd, ...names);
  before(async () => {
    cwd = folder();
    const a = await run('fit', ...tinyFlags, '--epochs', '2', '--quiet', '--out', 'runs/a', '--backend', 'wasm');
    expect(a.code, a.stderr).to.equal(0);
    // repeats it, for fewer epochs with another switcher
    const b = await run(
      'fit',
      '--config',
      'runs/a/config.json',
      '--epochs',
      '1',
      '--n-crit',
      '2',
      '--quiet',
      '--out',
      'runs/b',
      '--backend',
      'wasm',
    );
    expect(b.code, b.stderr).to.equal(0);
  });
  after(removeFolders);

  it('show tells what the folder holds', async () => {
    const {stdout} = await run('runs', 'show', 'runs/a', '--json');
    const shown = JSON.parse(stdout) as Record<string, unknown>;
    const lines = jsonLines(readFileSync(at('runs/a/metrics.jsonl'), 'utf8'));
    expect(shown).to.include({step: 12, steps: 12, epochs: 2, critLoss: lines.at(-2)!['critLoss']});
    expect(shown['row']).to.deep.equal(lines.at(-1)!['row']);
    const {checksum, ...config} = json(at('runs/a/config.json'));
    expect(checksum).to.match(/^[\da-f]{64}$/);
    expect(shown['config']).to.deep.equal(config);
    expect(shown['origins']).to.deep.equal(json(at('runs/a/config.origins.json')));
    const files = readdirSync(at('runs/a'), {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
    expect(shown['bytes']).to.equal(
      files.reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0),
    );
    const text = (await run('runs', 'show', 'runs/a')).stdout;
    expect(text)
      .to.match(/^steps +12\/12$/m)
      .and.match(/^epochs +2 +--epochs$/m)
      .and.match(/^lr +0\.0002 +recipe wgan$/m);
  });

  it('list has the one that was begun last first, and warns of one that cannot be read', async () => {
    write(cwd, {'runs/broken/config.json': '{'});
    const {code, stdout, stderr} = await run('runs', 'list', '--json');
    expect(code).to.equal(0);
    expect(jsonLines(stdout).map(({dir, step, steps}) => [dir, step, steps])).to.deep.equal([
      [path.join('runs', 'b'), 6, 6],
      [path.join('runs', 'a'), 12, 12],
    ]);
    expect(stderr).to.contain(path.join('runs', 'broken'));
    expect((await run('runs', 'list')).stdout).to.match(/^run +data[^]*^runs.b +builtin:shapes +basic +wgan +6\/6 /m);
    expect((await run('runs', 'list', 'nowhere')).code).to.equal(5);
  });

  it('diff has the settings that differ, and nothing else', async () => {
    const {settings} = JSON.parse((await run('runs', 'diff', 'runs/a', 'runs/b', '--json')).stdout) as {
      settings: unknown;
    };
    expect(settings).to.deep.equal([
      {key: 'switcher.nCrit', a: 5, b: 2},
      {key: 'epochs', a: 2, b: 1},
    ]);
    expect((await run('runs', 'diff', 'runs/a', 'runs/a')).stdout).to.contain('(none differs)');
  });

  it('differences name options of parts, and what only one run has', () => {
    const {config} = JSON.parse(`{"config": ${readFileSync(at('runs/a/config.json'), 'utf8')}}`) as {
      config: Parameters<typeof differences>[0];
    };
    expect(
      differences(config, {
        ...config,
        penalty: [{name: 'r1', options: {gamma: 1}}],
        augment: [{name: 'flip', options: {p: 0.5}}],
        source: {},
      }),
    ).to.deep.equal([
      {key: 'source.count', a: 52, b: null},
      {key: 'source.seed', a: 0, b: null},
      {key: 'penalty', a: 'none', b: 'r1'},
      {key: 'augment', a: 'none', b: 'flip'},
      {key: 'penalty.r1.gamma', a: null, b: 1},
      {key: 'augment.flip.p', a: null, b: 0.5},
    ]);
  });

  it('a run writes nothing but what runs rm takes for its own', () =>
    expect(readdirSync(at('runs/a')).filter((name) => !isRunEntry(name))).to.deep.equal([]));

  it('one in which a process trains is neither gone on with nor removed, and may be read; what a crash left is ours', async () => {
    const lock = await lockRun(at('runs/a'));
    for (const command of [
      ['fit', '--resume', 'runs/a', '--epochs', '3'],
      ['fit', '--resume', 'runs/a', '--from', '6', '--attempt', '1'],
      ['runs', 'rm', 'runs/a', '--yes'],
      ['runs', 'rm', 'runs/a', '--yes', '--force'],
    ]) {
      const {code, stderr} = await run(...command);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain('GAN_RUN_IN_USE').and.contain(`kill -INT ${process.pid}`);
    }
    expect((await run('runs', 'show', 'runs/a')).code).to.equal(0);
    expect((await run('generate', 'runs/a', '--backend', 'wasm', '--out', 'x.png')).code).to.equal(0);
    lock.release();
    for (const name of ['metrics.jsonl.7.tmp', 'config.json.7-0a1b2c3d.tmp', 'lock.json'])
      write(cwd, {[`runs/left/${name}`]: '{}', 'runs/left/config.json': '{}'});
    utimesSync(at('runs/left/lock.json'), 0, 0);
    expect((await run('runs', 'rm', 'runs/left', '--yes')).code).to.equal(0);
    expect(existsSync(at('runs/left'))).to.equal(false);
  });

  it('rm asks, takes --yes, and leaves alone what is no run, or holds files of others', async () => {
    const asked = await run('runs', 'rm', 'runs/a');
    expect(asked).to.include({code: 2, stdout: ''});
    expect(asked.stderr).to.contain('--yes');
    write(cwd, {'runs/b/notes.txt': 'mine', 'plain/x': ''});
    for (const [dir, code] of [
      ['plain', 5],
      ['nowhere', 5],
      ['runs/b', 2],
    ] as const) {
      expect((await run('runs', 'rm', 'runs/a', dir, '--yes')).code, dir).to.equal(code);
      expect(existsSync(at('runs/a')), 'all or none').to.equal(true);
    }
    expect((await run('runs', 'rm', 'runs/a', '--yes', '--json')).stdout).to.equal('{"removed":["runs/a"]}\n');
    expect(existsSync(at('runs/a'))).to.equal(false);
    expect((await run('runs', 'rm', 'runs/b', '--yes', '--force')).code).to.equal(0);
    expect(await findRuns(at('runs'))).to.deep.equal([at('runs/broken')]);
  });

  it('a run without an ended epoch has no row, and lines that are cut short are passed over', async () => {
    write(cwd, {
      'early/config.json':
        '{"data": "builtin:shapes", "arch": {"name": "basic"}, "loss": {"name": "wgan"}, "size": 16, "channels": 3, "latent": 4, "epochs": 3}',
      'early/metrics.jsonl': '{"step":1,"epoch":0,"critLoss":2}\n{"step":2,"ep',
    });
    const early = await summariseRun(at('early'));
    expect(early).to.include({step: 1, epochs: 0, critLoss: 2}).and.not.have.any.keys('row', 'steps', 'genLoss');
    expect(await ganError(() => summariseRun(at('plain')))).to.include({code: 'GAN_RUN_NOT_FOUND', exitCode: 5});
  });
}).timeout(60_000);
