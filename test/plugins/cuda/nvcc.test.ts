/**
 * Every kernel compiles for the cards that are supported, from the oldest on, and keeps to the registers that it may
 * have. The compiler of the toolkit stands in for NVRTC, which is the same one. By default one variant of each file
 * becomes machine code for two cards; GAN_SUITE=long: all variants for all cards that nvcc knows up to sm_100.
 */
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {expect} from 'chai';
import '../../../plugins/cuda/src/dnn/kernels.js'; // has sources, too
import type {KernelSource} from '../../../plugins/cuda/src/gpu.js';
import {sources} from '../../../plugins/cuda/src/kernels/index.js';
import {inNamespace} from './emulator/compile.js';

const run = promisify(execFile);

/** One variant of each file: on what differs from card to card, macros have no influence. */
const files = [...new Map(sources.map((source) => [source.name.split('/')[0]!, source])).values()];

/** Compute capabilities that nvcc knows; undefined without an nvcc. */
async function capabilities(): Promise<number[] | undefined> {
  const listed = await run('nvcc', ['--list-gpu-arch']).catch(() => undefined);
  return listed && [...listed.stdout.matchAll(/compute_(\d+)/g)].map(([, number]) => Number(number));
}

/** More would leave a multiprocessor with less than four blocks of 256 threads. */
const mostRegisters = 64;

/** What ptxas says of a kernel. */
interface Kernel {
  name: string;
  registers: number;
  /** Bytes that are kept in memory because there are too few registers. */
  spilled: number;
}

const kernelsIn = (text: string): Kernel[] =>
  text
    .split('Compiling entry function ')
    .slice(1)
    .map((part) => ({
      name: /'(\S+)'/.exec(part)![1]!,
      registers: Number(/Used (\d+) registers/.exec(part)![1]),
      spilled: [...part.matchAll(/(\d+) bytes spill/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0),
    }));

/** Code of many sources at once, each in a namespace of its own; what ptxas says of machine code. */
async function compile(
  list: readonly KernelSource[],
  capability: number,
  form: 'ptx' | 'cubin',
  folder: string,
): Promise<Kernel[]> {
  const halves = [0, 1].map((half) => list.filter((_, i) => i % 2 === half));
  const parts = await Promise.all(
    halves.map(async (half, n) => {
      const file = path.join(folder, `${capability}-${n}.cu`);
      const text = half.map((source, i) => inNamespace(source, `source${i}`, '__global__'));
      writeFileSync(file, text.join('\n'));
      const {stdout, stderr} = await run(
        'nvcc',
        [
          '-std=c++17',
          ...(form === 'cubin' ? ['-Xptxas', '-v'] : []),
          `-${form}`,
          `-arch=${form === 'ptx' ? 'compute' : 'sm'}_${capability}`,
          file,
          '-o',
          `${file}.${form}`,
        ],
        {maxBuffer: 2 ** 26},
      );
      return kernelsIn(stdout + stderr);
    }),
  );
  return parts.flat();
}

function expectFew(kernels: readonly Kernel[]): void {
  expect(kernels.length).to.be.above(files.length);
  expect(kernels.filter(({registers, spilled}) => registers > mostRegisters || spilled > 0)).to.deep.equal([]);
}

describe('cuda: the sources of the kernels', function () {
  this.timeout(3_600_000);
  let known: number[] | undefined;
  let folder: string;
  before(async () => {
    known = await capabilities();
    folder = mkdtempSync(path.join(tmpdir(), 'gan-nvcc-'));
  });
  after(() => rmSync(folder, {recursive: true, force: true}));

  it('have names of their own, and stand by themselves: NVRTC has no headers', () => {
    expect(new Set(sources.map(({name}) => name)).size).to.equal(sources.length);
    for (const {name, text} of sources)
      expect(text, name).to.not.match(/#include|\b(INFINITY|NAN|FLT_\w+|INT_MAX|u?int\d+_t|printf|assert)\b/);
  });

  for (const wanted of [[70, 75], [80], [90]]) {
    it(`compile for sm_${wanted[0]}, or the oldest after it`, async function () {
      const capability = wanted.find((one) => known?.includes(one));
      if (capability === undefined) {
        process.stdout.write(
          `    skipped: ${known ? `this nvcc does not know sm_${wanted.join(' or sm_')}` : 'there is no nvcc'}\n`,
        );
        return this.skip();
      }
      if (wanted[0] === 70) await compile(sources, capability, 'ptx', folder);
      else expectFew(await compile(files, capability, 'cubin', folder));
    });
  }

  if (process.env['GAN_SUITE'] === 'long')
    it('spill nothing and have at most 64 registers, for every card from sm_75 to sm_100', async () => {
      for (const capability of known!.filter((one) => one >= 75 && one <= 100)) {
        const kernels = await compile(sources, capability, 'cubin', folder);
        expectFew(kernels);
        const most = Math.max(...kernels.map(({registers}) => registers));
        process.stdout.write(`    sm_${capability}: ${kernels.length} kernels, at most ${most} registers\n`);
      }
    });
});
