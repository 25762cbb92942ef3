/** The scripts for the first quarter of an hour on a GPU, on libraries that compute nothing. */
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {needsCompiler} from './emulator/support.js';
import {compileStubs} from './stubs.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const script = (name: string): string => path.join(root, 'scripts', name);

interface Line {
  step?: string;
  state?: string;
  what?: string;
  seconds?: number;
  data?: {plans?: string[]; launched?: number};
  ended?: string;
}

describe('cuda: gpu:first, on libraries that compute nothing', function () {
  this.timeout(300_000);
  let folder: string;
  needsCompiler('linux');
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-first-'));
    compileStubs(path.join(folder, 'libs'));
  });
  after(() => folder && rmSync(folder, {recursive: true, force: true}));
  const env = () => ({
    ...process.env,
    GAN_CUDA_LIBS: path.join(folder, 'libs'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    NODE_OPTIONS: '',
    PYTHON: 'no-python',
  });
  const linesIn = (out: string): Line[] => {
    const file = path.join(folder, out, 'results.jsonl');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };
  const done = (lines: readonly Line[], step: string) => lines.find((line) => line.step === step && line.state);
  const table = (out: string): string =>
    spawnSync(process.execPath, [script('gpu/report.mjs'), path.join(folder, out, 'results.jsonl')], {encoding: 'utf8'})
      .stdout;

  it('killed midway, it keeps its results, and a table is made of them', async () => {
    const child = spawn(
      process.execPath,
      [script('gpu-first.mjs'), 'A', '--small', '--out', path.join(folder, 'killed')],
      {env: env(), stdio: 'ignore'},
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    const under = () => linesIn('killed').some(({step, state}) => step === 'own, recorded' && state === undefined);
    while (child.exitCode === null && !under()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
    const lines = linesIn('killed');
    expect(done(lines, 'versions')).to.include({state: 'passed'});
    expect(done(lines, 'versions')!.what).to.contain('Stub H100');
    const smoke = done(lines, 'smoke')!;
    expect(smoke.state, 'nothing is computed').to.equal('failed');
    expect(smoke.what).to.match(/^6 passed, 5 failed, 0 skipped; a kernel adds: number 0 is 0, wanted/);
    for (const precision of ['fp32', 'tf32', 'bf16']) expect(smoke.what).not.to.contain(precision);
    const offers = smoke.data!.plans!.filter((line) => line.startsWith('cudnnFind'));
    expect(offers[0]).to.match(/"algorithm":1,"status":0,"ms":0,.*"deterministic":true,"mathType":0/);
    expect(
      smoke.data!.plans!.filter((line) => /^(forward|dataGradient|filterGradient) .*: NHWC/.test(line)),
    ).to.have.length.above(8);
    expect(done(lines, 'recorded')!.state).to.be.a('string');
    const text = table('killed');
    expect(text).to.match(/\| versions \| passed \| [\d.]+ \| Stub H100/);
    expect(text).to.contain('| own, recorded | under way at the end |');
    expect(text).to.contain('it was ended from outside');
  });

  it('results that are to be tried again have to be there', () => {
    const {status, stderr} = spawnSync(process.execPath, [script('gpu-first.mjs'), 'B', '--again', 'no.jsonl'], {
      encoding: 'utf8',
    });
    expect(status).to.equal(2);
    expect(stderr).to.contain('no.jsonl is not there');
  });

  it('a step that takes too long ends with all that it started, the next one begins, and nothing begins after the deadline', () => {
    const out = path.join(folder, 'limits');
    const file = path.join(folder, 'limits.mjs');
    writeFileSync(
      file,
      `import {runSession} from '${root}scripts/gpu/session.mjs';
const steps = [
  ['sleeps', 0.5, (context) => context.run('sh', ['-c', 'echo begins; sleep 77 & wait'])],
  ['works', 5, async (context) => ({what: (await context.run('echo', ['fine'])).join(), data: {stepMs: 2, imagesPerSecond: 9}})],
  ['long', 60, (context) => context.run('sleep', ['60'])],
  ['too late', 5, () => 'never'],
];
await runSession({steps, seconds: 5, least: 0.5, out: ${JSON.stringify(out)}, about: {gpu: 'none'}});
`,
    );
    spawnSync(process.execPath, [file], {env: env()});
    const lines = linesIn('limits');
    expect(done(lines, 'sleeps')).to.include({state: 'failed'});
    expect(done(lines, 'sleeps')!.what).to.match(/its time was over after \d+ s\nbegins$/);
    expect(done(lines, 'works')).to.deep.include({state: 'passed', what: 'fine'});
    expect(done(lines, 'long')).to.include({state: 'failed'});
    expect(done(lines, 'too late')).to.include({state: 'skipped', what: 'no time was left'});
    expect(spawnSync('pgrep', ['-f', 'sleep 77'], {encoding: 'utf8'}).stdout).to.equal('');
    expect(table('limits')).to.contain('1 passed, 2 failed, 1 skipped').and.to.contain('| works | 9 | 2.00 |');
    expect(readFileSync(path.join(out, 'log.txt'), 'utf8'))
      .to.contain('== sleeps\n$ sh')
      .and.to.contain('\nbegins\n');
  });

  it('gpu:check runs what it is asked for, and sanitizers last and only when they are asked for', async () => {
    const {stepsOf} = (await import(script('gpu/steps-of.mjs'))) as {stepsOf(of: {backend: string}): object};
    const isSanitizer = (name: string): boolean => name.includes('check: ');
    const names = Object.keys(stepsOf({backend: 'cuda'}));
    expect(names.slice(names.findIndex(isSanitizer)).every(isSanitizer)).to.equal(true);
    const stepsWith = (...flags: string[]): (string | undefined)[] => {
      const out = `check${flags.length}`;
      const args = [script('gpu-check.mjs'), '--small', '--only', 'sum', '--out', path.join(folder, out), ...flags];
      spawnSync(process.execPath, args, {env: {...env(), PATH: '/bin:/usr/bin'}});
      return linesIn(out).flatMap(({step, state}) => (step !== undefined && state !== undefined ? [step] : []));
    };
    expect(stepsWith()).to.deep.equal(['versions']);
    expect(stepsWith('--sanitizers')).to.deep.equal(['versions', ...names.filter((name) => name.endsWith(': sum'))]);
  });

  if (process.env['GAN_SUITE'] === 'long')
    it('both calls come to their ends; what failed is tried again', () => {
      const first = (...args: string[]) =>
        spawnSync(process.execPath, [script('gpu-first.mjs'), ...args, '--small'], {env: env()}).status;
      expect(first('A', '--out', path.join(folder, 'a'))).to.equal(1); // nothing is computed
      const again = path.join(folder, 'a/results.jsonl');
      expect(first('B', '--out', path.join(folder, 'b'), '--again', again)).to.equal(1);
      for (const out of ['a', 'b']) expect(linesIn(out).at(-1)).to.deep.equal({ended: 'by itself'});
      const [a, b] = [linesIn('a'), linesIn('b')];
      expect(done(a, 'own, recorded')!.data!.launched).to.be.above(0);
      expect(done(a, 'kit')!.what).to.match(/^\d+ passed, \d+ failed/);
      for (const {step, state} of a.filter((line) => line.state === 'failed' && !line.step!.startsWith('kit')))
        expect(done(b, step!), `${step} ${state}`).to.include({state: 'failed'});
      for (const {step} of a.filter((line) => line.state === 'passed' || line.step?.startsWith('kit')))
        expect(done(b, step!), step!).to.equal(undefined);
      expect(done(b, 'own, recorded, bf16')!.state).to.equal('passed');
    });
});
