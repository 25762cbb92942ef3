import {expect} from 'chai';
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Device} from '../../../dist/backends/device.js';
import {checkerboardEnergy} from '../../../dist/gan/metrics/checkerboard.js';
import type {Features} from '../../../dist/gan/metrics/features.js';
import {frechetDistance} from '../../../dist/gan/metrics/frechet.js';
import {kernelDistance} from '../../../dist/gan/metrics/kid.js';
import {msSsim} from '../../../dist/gan/metrics/ms-ssim.js';
import {prdc} from '../../../dist/gan/metrics/prdc.js';
import {resizeAntialiased} from '../../../dist/gan/metrics/resize.js';
import {laplacianPyramid} from '../../../dist/gan/metrics/swd-pyramid.js';
import {Rng} from '../../../dist/gan/rng.js';
import {pythonWith} from '../../python.js';
import {openCpu} from '../../runs/helpers.js';

const script = fileURLToPath(new URL('reference.py', import.meta.url));

interface Plain {
  data: number[];
  shape: number[];
}
type Numbers = Record<string, number>;
type Case = [name: string, arrays: Plain[], others: unknown[]];

async function reference(python: string, cases: readonly Case[]): Promise<unknown[]> {
  const child = spawn(python, ['-W', 'ignore', script], {stdio: ['pipe', 'pipe', 'inherit']});
  child.stdin.end(JSON.stringify(cases));
  let text = '';
  for await (const part of child.stdout) text += String(part);
  return JSON.parse(text) as unknown[];
}

/** Normal numbers with correlated neighbours, stretched and shifted; the first `constant` features never change. */
function features(count: number, size: number, {seed = 0, stretch = 1, shift = 0, constant = 0} = {}): Features {
  const data = new Rng(seed).normal(count * size);
  for (let i = 0; i < data.length; i++) {
    const f = i % size;
    data[i] = f < constant ? 0.5 : stretch * data[i]! + (f > 0 ? 0.6 * data[i - 1]! : 0) + shift;
  }
  return {count, size, data};
}

const plain = ({count, size, data}: Features): Plain => ({data: Array.from(data), shape: [count, size]});
const bytes = (shape: number[], seed: number): {data: Uint8Array; shape: number[]} => {
  const rng = new Rng(seed);
  const length = shape.reduce((a, b) => a * b, 1);
  return {data: Uint8Array.from({length}, () => rng.int(256)), shape};
};

describe('metrics against numpy, scipy and Pillow', () => {
  let device: Device;
  let python: string | undefined;
  before(async function () {
    python = await pythonWith('numpy, scipy, PIL');
    if (python === undefined) {
      console.log('    skipped: no Python with numpy, scipy and Pillow was found (set PYTHON)');
      this.skip();
    }
    device = await openCpu();
  });
  after(() => device?.close());

  it('Frechet and kernel distance, precision, recall, density and coverage', async () => {
    const pairs: [Features, Features][] = [
      [features(60, 7), features(60, 7, {seed: 1, stretch: 1.4, shift: 0.3})],
      // more images than features
      [features(90, 33, {constant: 4}), features(95, 33, {seed: 1, shift: 0.2, constant: 4})],
      [features(30, 70), features(30, 70, {seed: 2, stretch: 1.2})], // fewer
      [features(41, 40), features(38, 40, {seed: 3, shift: 1})],
    ];
    const cases = pairs.flatMap(([a, b]): Case[] => [
      ['frechet', [plain(a), plain(b)], []],
      ['kid', [plain(a), plain(b)], []],
      ['prdc', [plain(a), plain(b)], [3]],
      ['prdc', [plain(a), plain(b)], [5]],
    ]);
    const wanted = await reference(python!, cases);
    for (const [i, [real, fake]] of pairs.entries()) {
      const [fd, kid, ...others] = wanted.slice(4 * i, 4 * i + 4) as [number, number, Numbers, Numbers];
      expect(frechetDistance(real, fake)).to.be.closeTo(fd, 1e-6 * fd);
      if (real.count === fake.count) {
        const all = {subsets: 1, subsetSize: 1000};
        expect(await kernelDistance({real, fake}, new Rng(0), all)).to.be.closeTo(kid, 1e-3 * Math.abs(kid));
        // subsets have the same expectation
        const halves = {subsets: 400, subsetSize: real.count >> 1};
        expect(await kernelDistance({real, fake}, new Rng(0), halves)).to.be.closeTo(kid, 0.25 * Math.abs(kid) + 0.05);
      }
      for (const [j, k] of [3, 5].entries()) {
        const got = Object.entries(await prdc({real, fake}, k));
        expect(got.map(([name]) => name)).to.have.members(Object.keys(others[j]!));
        for (const [name, value] of got) expect(value, name).to.be.closeTo(others[j]![name]!, 1e-12);
      }
    }
  });

  it('MS-SSIM, the Laplacian pyramid, the spectrum, resizing', async () => {
    const [a, noise] = [bytes([48, 36, 3], 1), bytes([48, 36, 3], 2)];
    const b = {...a, data: a.data.map((value, i) => (3 * value + noise.data[i]!) >> 2)};
    const images = bytes([2, 16, 12, 3], 3);
    const of = ({data, shape}: {data: Uint8Array; shape: number[]}): Plain => ({data: Array.from(data), shape});
    const sizes = [
      [32, 32],
      [20, 50],
      [48, 36],
      [7, 5],
    ] as const;
    const [similarity, levels, energy, ...resized] = (await reference(python!, [
      ['ms_ssim', [of(a), of(b)], []],
      ['pyramid', [of(a)], [3]],
      ['checkerboard', [of(images)], []],
      ...sizes.map((size): Case => ['resize', [of(a)], [...size]]),
    ])) as [number, number[][], number, ...number[][]];
    const image = {data: a.data, height: 48, width: 36, channels: 3};
    expect(msSsim(image, {...image, data: b.data})).to.be.closeTo(similarity, 1e-9);
    expect(similarity).to.be.within(0.5, 0.99);
    const float = {...image, data: Float32Array.from(a.data)};
    laplacianPyramid(float, 3).forEach(({data}, level) => near(data, levels[level]!, 1e-3));
    expect(checkerboardEnergy(images)).to.be.closeTo(energy, 1e-9 * energy);
    sizes.forEach(([height, width], i) => near(resizeAntialiased(image, height, width), resized[i]!, 1e-3));
  });
});

function near(got: Float32Array, wanted: readonly number[], reach: number): void {
  expect(got.length).to.equal(wanted.length);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - got[i]!)));
  expect(worst).to.be.below(reach);
}
