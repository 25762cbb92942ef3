import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {setsHere} from './support.js';

const kernels = path.resolve('plugins/native/kernels');
const native = process.env['CXX'] ?? 'c++';
const flags = {
  portable: [],
  avx2: ['-mavx2', '-mfma'],
  avx512: ['-mavx2', '-mfma', '-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq'],
  /** Products of bfloat16 in plain C++: what the compiled sets for it share. */
  half_portable: [],
};
type Isa = keyof typeof flags;
const isLong = process.env['GAN_SUITE'] === 'long';

/** Starts a program, and gives its output and status when it ends. */
const start = (command: string, args: string[], cwd = kernels) =>
  new Promise<{status: number | null; stdout: string; stderr: string}>((resolve, reject) => {
    const child = spawn(command, args, {cwd});
    const said = {stdout: '', stderr: ''};
    child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({status, ...said}));
  });

const exists = (command: string) => spawnSync(command, ['--version']).status === 0;

/** Compiles sanitize.cc with the kernels of an instruction set, and runs it. */
async function run(compiler: string, isa: Isa, own: string[], rounds: number, emulator: string[] = []) {
  const dir = mkdtempSync(path.join(tmpdir(), 'gan-sanitize-'));
  try {
    const program = path.join(dir, 'sanitize');
    const options = ['-std=c++17', '-ffp-contract=off', '-pthread', '-I.', ...flags[isa], ...own];
    const compile = async (...args: string[]): Promise<void> => {
      const {status, stderr} = await start(compiler, [...options, ...args]);
      expect(status, stderr).to.equal(0);
    };
    const main = path.resolve('test/plugins/native/sanitize.cc');
    if (isa === 'half_portable') {
      const half = path.join(dir, 'half.o');
      await compile(`-DGAN_ISA=${isa}`, '-DGAN_BASE=portable', '-c', 'half.cc', '-o', half);
      await compile('-DGAN_ISA=portable', `-DGAN_HALVES=${isa}`, main, 'isa.cc', 'pool.cc', half, '-o', program);
    } else await compile(`-DGAN_ISA=${isa}`, main, 'isa.cc', 'pool.cc', '-o', program);
    const [command, ...args] = [...emulator, program, String(rounds)];
    const {status, stdout, stderr} = await start(command!, args);
    expect(status, stderr).to.equal(0);
    expect(stdout.trim()).to.equal(`rounds: ${rounds}`);
  } finally {
    rmSync(dir, {recursive: true});
  }
}

const sanitized = (sanitizers: string) => [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', '-g'];

/** True if the compiler has them, and their libraries. */
const hasSanitizers = (sanitizers: string) =>
  spawnSync(native, ['-x', 'c++', '-', '-o', '/dev/null', `-fsanitize=${sanitizers}`], {input: 'int main() {}'})
    .status === 0;

/** One instruction set for each sanitizer, quickly compiled; with GAN_SUITE=long all, optimised, for more rounds. */
describe('native: the kernels under sanitizers', function () {
  this.timeout(900_000);
  const short: [Isa, string][] = [
    ['half_portable', 'address,undefined'],
    ['avx2', 'thread'],
  ];
  const all = (Object.keys(flags) as Isa[]).flatMap((isa) =>
    ['address,undefined', 'thread'].map((sanitizers): [Isa, string] => [isa, sanitizers]),
  );
  for (const [isa, sanitizers] of isLong ? all : short) {
    it(`${isa}, ${sanitizers}`, async function () {
      if (!(isa === 'half_portable' || setsHere().includes(isa)) || !hasSanitizers(sanitizers)) {
        console.log(`      skipped: no ${isa} here, or ${native} has no -fsanitize=${sanitizers}`);
        this.skip();
      }
      await run(
        native,
        isa,
        [isLong ? '-O1' : '-O0', ...sanitized(sanitizers)],
        isLong ? 20 : isa === 'half_portable' ? 1 : 2,
      );
    });
  }
});

describe('native: the kernels for NEON', function () {
  this.timeout(900_000);
  const [compiler, emulator] = ['aarch64-linux-gnu-g++', 'qemu-aarch64'];

  it('compute what their definitions say, on an emulated processor', async function () {
    if (!exists(compiler) || !exists(emulator)) {
      console.log(`      skipped: needs ${compiler} and ${emulator} (Debian: g++-aarch64-linux-gnu, qemu-user)`);
      this.skip();
    }
    await run(compiler, 'portable', ['-O1', '-static'], isLong ? 40 : 12, [emulator]);
  });
});
