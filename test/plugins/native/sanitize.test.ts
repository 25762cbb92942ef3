import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {setsHere} from './support.js';

const kernels = path.resolve('plugins/native/kernels');
const compiler = process.env['CXX'] ?? 'c++';
const flags: Record<string, string[]> = {
  portable: [],
  avx2: ['-mavx2', '-mfma'],
  avx512: ['-mavx2', '-mfma', '-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq'],
};
const rounds = 20;

/** Compiles and runs sanitize.cc. */
function run(isa: string, sanitizers: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'gan-sanitize-'));
  try {
    const program = path.join(dir, 'sanitize');
    const sources = [path.resolve('test/plugins/native/sanitize.cc'), 'isa.cc', 'pool.cc'];
    const common = ['-std=c++17', '-O1', '-g', '-ffp-contract=off', '-fno-sanitize-recover=all', '-pthread', '-I.'];
    const options = [...common, `-fsanitize=${sanitizers}`, ...flags[isa]!, `-DGAN_ISA=${isa}`];
    execFileSync(compiler, [...options, ...sources, '-o', program], {
      cwd: kernels,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const {status, stdout, stderr} = spawnSync(program, [String(rounds)], {encoding: 'utf8'});
    expect(status, stderr).to.equal(0);
    return stdout.trim();
  } finally {
    rmSync(dir, {recursive: true});
  }
}

/** Compiling takes half a minute for each: only with GAN_SUITE=long. */
describe('native: the kernels under sanitizers', function () {
  this.timeout(900_000);
  before(function () {
    if (process.env['GAN_SUITE'] !== 'long' || setsHere().length === 0) this.skip();
  });

  for (const isa of Object.keys(flags)) {
    for (const sanitizers of ['address,undefined', 'thread']) {
      it(`${isa}, ${sanitizers}`, function () {
        if (!setsHere().some((name) => name === isa)) this.skip();
        expect(run(isa, sanitizers)).to.equal(`rounds: ${rounds}`);
      });
    }
  }
});
