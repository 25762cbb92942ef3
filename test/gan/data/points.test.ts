import {expect} from 'chai';
import '@tensorflow/tfjs-backend-cpu';
import {tf} from '../../../dist/backends/tf.js';
import {samplePicture} from '../../../dist/gan/data/grid.js';
import {createLoader} from '../../../dist/gan/data/loader.js';
import {arePoints, countModes, mixtureOf, mixtures, pointsSource} from '../../../dist/gan/data/points.js';
import type {EndlessSource, FiniteSource} from '../../../dist/gan/data/types.js';
import type {ImageMetric, TensorMetric} from '../../../dist/gan/metrics/image-metrics.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {collect, ganError, itemsOf} from './helpers.js';

const drawn = (mixture: 'ring8' | 'grid25', n: number, seed = 1): Float32Array =>
  (pointsSource({mixture}) as EndlessSource).batch(n, new Rng(seed)) as Float32Array;

describe('points', () => {
  it('ring8: 8 modes on a circle of radius 2 with standard deviation 0.02, divided by 2.5', () => {
    const points = drawn('ring8', 8000);
    const squares: number[] = [];
    const counts = new Map<number, number>();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i]! * 2.5, points[i + 1]! * 2.5];
      const mode = Math.round((Math.atan2(y, x) / (2 * Math.PI)) * 8);
      const angle = (mode * 2 * Math.PI) / 8;
      squares.push((x - 2 * Math.cos(angle)) ** 2, (y - 2 * Math.sin(angle)) ** 2);
      counts.set((mode + 8) % 8, (counts.get((mode + 8) % 8) ?? 0) + 1);
    }
    const std = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(std).to.be.closeTo(0.02, 0.0006); // 5 standard errors of 16,000 values
    expect(counts.size).to.equal(8);
    for (const count of counts.values()) expect(count).to.be.closeTo(1000, 150); // 5 standard deviations
  });

  it('grid25: 25 modes at -4 to 4, two apart, with standard deviation 0.05, divided by 5', () => {
    const points = drawn('grid25', 8000);
    let squares = 0;
    const modes = new Set<string>();
    for (const value of points) squares += (value * 5 - 2 * Math.round((value * 5) / 2)) ** 2;
    for (let i = 0; i < points.length; i += 2)
      modes.add([points[i]!, points[i + 1]!].map((value) => 2 * Math.round((value * 5) / 2)).join());
    expect(Math.sqrt(squares / points.length)).to.be.closeTo(0.05, 0.0015);
    expect(modes.size).to.equal(25);
    expect(modes).to.include.keys('-4,-4', '0,2', '4,4');
  });

  it('counts a mode that has a point within three standard deviations, and the share of such points', () => {
    const {std} = mixtures.grid25;
    const close = [0, 0, 0.4, 2.9 * std, 0.4 - 2.1 * std, 2 * std];
    const far = [0.8, 0.8 + 3.1 * std, -0.4 + 2.5 * std, 2.5 * std, 0.2, 0.2];
    expect(countModes(Float32Array.from([...close, ...far]), mixtures.grid25)).to.deep.equal({
      modes: 2,
      highQuality: 0.5,
    });
  });

  it('has every mode and 98.9 % of its points within three standard deviations', () => {
    for (const mixture of ['ring8', 'grid25'] as const) {
      const {modes, highQuality} = countModes(drawn(mixture, 20_000), mixtures[mixture]);
      expect(modes).to.equal(mixtures[mixture].centres.length);
      expect(highQuality).to.be.closeTo(1 - Math.exp(-4.5), 0.004); // Rayleigh distribution
    }
  });

  it('tells which mixture points are from, and refuses others', async () => {
    expect(mixtureOf(drawn('ring8', 100))).to.equal('ring8');
    expect(mixtureOf(drawn('grid25', 100))).to.equal('grid25');
    const error = await ganError(() => mixtureOf(new Rng(0).uniform(200, -1, 1)));
    expect(error).to.include({code: 'GAN_NO_MODES', kind: 'config'});
    expect(error.suggestions[0]).to.contain('builtin:ring8');
  });

  it('are the same for the same seed, and in mid-epoch the same as after its first batches', async () => {
    const source = pointsSource({mixture: 'ring8', items: 50}) as FiniteSource;
    const again = pointsSource({mixture: 'ring8', items: 50}) as FiniteSource;
    const other = pointsSource({mixture: 'ring8', items: 50, seed: 1}) as FiniteSource;
    expect(source.read(7)).to.deep.equal(again.read(7)).and.not.to.deep.equal(other.read(7));
    for (const each of [source, pointsSource({mixture: 'ring8'})]) {
      const loader = createLoader(each, {batchSize: 8, rng: new Rng(3), epochItems: 50});
      const all = await collect(loader, 2);
      expect(itemsOf(await collect(loader, 2, 3))).to.deep.equal(itemsOf(all.slice(3)));
      expect(itemsOf(await collect(loader, 1))).not.to.deep.equal(itemsOf(all));
    }
  });

  it('refuses counts that are no whole numbers', async () => {
    for (const items of [0, -1, 1.5])
      expect((await ganError(() => pointsSource({mixture: 'ring8', items}))).code).to.equal('GAN_POINTS_OPTIONS');
  });

  it('are drawn in a plot: generated ones in red over real ones in grey, y upwards', () => {
    const points = (...values: number[]) => ({data: Uint8Array.from(values), shape: [values.length / 2, 1, 1, 2]});
    const {data, width, channels} = samplePicture(points(10, 250), points(10, 250, 200, 20));
    const pixel = (x: number, y: number) => [
      ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
    ];
    expect(channels).to.equal(3);
    expect(pixel(10, 5)).to.deep.equal([200, 40, 30]);
    expect(pixel(200, 235)).to.deep.equal([190, 190, 190]);
    expect(pixel(100, 100)).to.deep.equal([255, 255, 255]);
    expect(arePoints([4, 1, 1, 2])).to.equal(true);
    expect(arePoints([4, 1, 2, 2])).to.equal(false);
  });
});

describe('metrics of points', () => {
  before(() => tf.setBackend('cpu'));

  it('point-modes and high-quality count the generated points', async () => {
    const registry = openRegistry();
    const points = drawn('grid25', 500);
    const half = points.map((value, i) => (i < 500 ? value : 0.2)); // the other half is at no mode
    const sets = {
      real: tf.tensor4d(points, [500, 1, 1, 2]),
      fake: tf.tensor4d(half, [500, 1, 1, 2]),
      rng: new Rng(0),
    };
    const [modes, quality] = [
      await registry.create('metric', 'point-modes'),
      await registry.create('metric', 'high-quality'),
    ];
    const compute = (metric: ImageMetric) => (metric as TensorMetric).compute(sets);
    expect(await compute(modes)).to.equal(countModes(half, mixtures.grid25).modes);
    expect(await compute(quality)).to.be.closeTo(0.5 * (1 - Math.exp(-4.5)), 0.02);
  });
});
