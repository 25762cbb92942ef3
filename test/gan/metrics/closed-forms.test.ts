import {expect} from 'chai';
import type {Device} from '../../../dist/backends/device.js';
import {checkerboardEnergy} from '../../../dist/gan/metrics/checkerboard.js';
import type {HostTensor} from '../../../dist/gan/data/types.js';
import type {Features} from '../../../dist/gan/metrics/features.js';
import {frechetDistance} from '../../../dist/gan/metrics/frechet.js';
import {isBetter, type PictureMetric} from '../../../dist/gan/metrics/image-metrics.js';
import {symmetricEigenvalues, timesTransposed, transposedCholesky} from '../../../dist/gan/metrics/linear-algebra.js';
import {countModes} from '../../../dist/gan/metrics/modes.js';
import {meanSimilarity} from '../../../dist/gan/metrics/ms-ssim.js';
import {prdc} from '../../../dist/gan/metrics/prdc.js';
import {resizeTf1} from '../../../dist/gan/metrics/resize.js';
import {pyramidDistances} from '../../../dist/gan/metrics/swd-pyramid.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {openCpu} from '../../runs/helpers.js';

type Parted = {value: number; parts: Record<string, number>};

describe('metrics in closed form', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());

  /** Rows +d and -d along each axis: mean `shift`, covariance diagonal 2 d^2 / (2 n - 1), exactly. */
  const cross = (deviations: readonly number[], shift: number): Features => {
    const n = deviations.length;
    const data = new Float32Array(2 * n * n).fill(shift);
    deviations.forEach((d, i) => {
      data[2 * i * n + i]! += d;
      data[(2 * i + 1) * n + i]! -= d;
    });
    return {count: 2 * n, size: n, data};
  };

  it('the Frechet distance of Gaussians with diagonal covariances is |m1 - m2|^2 + sum of (s1 - s2)^2', () => {
    const [a, b] = [
      [1, 2, 3, 0.5],
      [2, 2, 1, 0],
    ];
    const scale = Math.sqrt(2 / (2 * a!.length - 1));
    const spread = a!.reduce((sum, d, i) => sum + (scale * (d - b![i]!)) ** 2, 0);
    expect(frechetDistance(cross(a!, 0), cross(b!, 0.25))).to.be.closeTo(spread + 4 * 0.25 ** 2, 1e-7);
    expect(frechetDistance(cross(a!, 0), cross(a!, 0))).to.be.closeTo(0, 1e-7);
  });

  it('the eigenvalues of a chain of n springs are 2 - 2 cos(pi j / (n + 1))', () => {
    const n = 37;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
    }
    // rotated by a reflection, so that it is not tridiagonal
    const v = Float64Array.from(new Rng(1).normal(n));
    const norm = v.reduce((sum, x) => sum + x * x, 0);
    const reflection = Float64Array.from({length: n * n}, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      return (row === column ? 1 : 0) - (2 * v[row]! * v[column]!) / norm;
    });
    const full = timesTransposed(timesTransposed(reflection, matrix, [n, n, n]), reflection, [n, n, n], true);
    const root = transposedCholesky(full, n);
    const columns = Float64Array.from({length: n * n}, (_, i) => root[(i % n) * n + Math.floor(i / n)]!);
    const product = timesTransposed(columns, columns, [n, n, n]);
    expect(Math.max(...product.map((value, i) => Math.abs(value - full[i]!)))).to.be.below(1e-12);
    symmetricEigenvalues(full, n).forEach((value, j) => {
      expect(value).to.be.closeTo(2 - 2 * Math.cos((Math.PI * (j + 1)) / (n + 1)), 1e-12);
    });
  });

  it('a collapsed generator has precision and no recall; a wild one has neither density nor coverage', async () => {
    const set = (count: number, at: (i: number) => number): Features => ({
      count,
      size: 1,
      data: Float32Array.from({length: count}, (_, i) => at(i)),
    });
    const real = set(40, (i) => i);
    const collapsed = await prdc({real, fake: set(40, (i) => 20 + i / 1000)}, 3);
    expect(collapsed.precision).to.equal(1);
    expect(collapsed.recall).to.be.below(0.1);
    expect(collapsed.coverage).to.be.below(0.2);
    expect(await prdc({real, fake: set(40, (i) => 1000 * (i + 1))}, 3)).to.include({
      density: 0,
      coverage: 0,
      precision: 0,
    });
  });

  it('the energy of a checkerboard of amplitude a is (a h w)^2 in each channel, of a constant image 0', () => {
    const [h, w, a] = [8, 6, 51];
    const board = Uint8Array.from({length: h * w}, (_, i) => 100 + (((i % w) + Math.floor(i / w)) & 1 ? -a : a));
    const energy = checkerboardEnergy({data: board, shape: [1, h, w, 1]});
    expect(energy).to.be.closeTo(((a / 255) * h * w) ** 2, 1e-9);
    // stripes have theirs where only one frequency is half the sampling frequency
    const stripes = Uint8Array.from({length: h * w}, (_, i) => ((i % w) & 1 ? 100 - a : 100 + a));
    expect(checkerboardEnergy({data: stripes, shape: [1, h, w, 1]})).to.be.closeTo(((a / 255) * h * w) ** 2, 1e-9);
    expect(checkerboardEnergy({data: new Uint8Array(h * w).fill(7), shape: [1, h, w, 1]})).to.be.closeTo(0, 1e-12);
  });

  it('the metric of checkerboards is the ratio of their energies, and says how high they are', async () => {
    const metric = (await openRegistry().create('metric', 'checkerboard')) as PictureMetric;
    const [h, w] = [7, 6]; // of an odd side, the last row is left out
    const board = (a: number): HostTensor => ({
      data: Uint8Array.from({length: h * w}, (_, i) => 100 + (((i % w) + Math.floor(i / w)) & 1 ? -a : a)),
      shape: [1, h, w, 1],
    });
    const {value, parts} = (await metric.compute({real: board(20), fake: board(5), rng: new Rng(0)})) as Parted;
    expect(value).to.be.closeTo(1 / 16, 1e-9);
    expect(parts['amplitude']).to.be.closeTo(5, 1e-9);
    expect(parts['real']).to.be.closeTo(20, 1e-9);
  });

  it('modes are counted, and their divergence is that of the two distributions', () => {
    const real = Int32Array.from({length: 3000}, (_, i) => i % 3);
    const {modes, realModes, divergence} = countModes(Int32Array.of(0, 0, 0, 1), real, 3);
    expect([modes, realModes]).to.deep.equal([2, 3]);
    expect(divergence).to.be.closeTo(0.75 * Math.log(2.25) + 0.25 * Math.log(0.75), 1e-3);
  });

  it('pairs of equal images have MS-SSIM 1; patches of noise and of smooth images differ in the details', async () => {
    const rng = new Rng(4);
    const set = (pixel: (x: number, y: number) => number) => ({
      data: Uint8Array.from({length: 32 * 32 * 32}, (_, i) => pixel(i % 32, (i >> 5) % 32)),
      shape: [32, 32, 32, 1],
    });
    const smooth = set((x, y) => 4 * x + 3 * y + rng.int(3));
    const noise = set(() => rng.int(256));
    expect(
      meanSimilarity(
        set((x, y) => 4 * x + y),
        4,
        rng,
      ),
    ).to.be.closeTo(1, 1e-12);
    expect(meanSimilarity(noise, 4, rng)).to.be.below(0.5);
    const options = {patches: 64, directions: 64};
    const [same, other] = [
      await pyramidDistances({real: noise, fake: set(() => rng.int(256))}, new Rng(0), options),
      await pyramidDistances({real: noise, fake: smooth}, new Rng(0), options),
    ];
    expect(same.map(({side}) => side)).to.deep.equal([32, 16]);
    for (const [level, {distance}] of same.entries()) expect(2 * distance).to.be.below(other[level]!.distance);
  });

  it("TensorFlow 1's resizing puts pixel i at i times the ratio, and repeats the last pixel", () => {
    const image = {data: [0, 10, 20, 40], height: 1, width: 4, channels: 1};
    expect(Array.from(resizeTf1(image, 1, 8))).to.deep.equal([0, 5, 10, 15, 20, 30, 40, 40]);
    expect(Array.from(resizeTf1(image, 1, 2))).to.deep.equal([0, 20]);
  });

  it('what is better', () => {
    expect([
      isBetter('lower', 1, 2),
      isBetter('higher', 1, 2),
      isBetter('one', 0.9, 2),
      isBetter('one', 3, 0.5),
    ]).to.deep.equal([true, false, true, false]);
  });
});
