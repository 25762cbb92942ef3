/** The archive for a machine with a GPU: GAN_SUITE=long, as it takes minutes and asks a registry for Node. */
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {needsCompiler} from './emulator/support.js';
import {compileStubs} from './stubs.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('cuda: gpu:bundle', function () {
  this.timeout(900_000);
  if (process.env['GAN_SUITE'] !== 'long') return;
  needsCompiler('linux');
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gan-gpu-bundle-'));
  });
  after(() => rmSync(folder, {recursive: true, force: true}));

  it('is below 50 MiB without package managers and compilers, and gpu:first runs from it with its own Node', () => {
    const archive = path.join(folder, 'gpu-check.tar.xz');
    execFileSync(process.execPath, [path.join(root, 'scripts/gpu-bundle.mjs'), archive], {stdio: 'ignore'});
    expect(statSync(archive).size / 2 ** 20).to.be.below(50);
    execFileSync('tar', ['-C', folder, '-xf', archive]);
    const bundle = path.join(folder, 'gpu-check');
    for (const name of ['npm', 'yarn', 'typescript'])
      expect(existsSync(path.join(bundle, 'node_modules', name)), name).to.equal(false);
    compileStubs(path.join(folder, 'libs'));
    const out = path.join(folder, 'out');
    // only the first steps have the time
    spawnSync(path.join(bundle, 'run.sh'), ['first', 'A', '--small', '--seconds', '20', '--out', out], {
      env: {PATH: '/bin:/usr/bin', HOME: folder, PYTHON: 'no-python', GAN_CUDA_LIBS: path.join(folder, 'libs')},
    });
    const lines = readFileSync(path.join(out, 'results.jsonl'), 'utf8').split('\n').slice(0, -1);
    const versions = lines
      .map((line) => JSON.parse(line) as {step?: string; state?: string; what?: string})
      .find(({step, state}) => step === 'versions' && state !== undefined);
    expect(versions).to.include({state: 'passed'});
    expect(versions!.what).to.contain('Stub H100');
  });
});
