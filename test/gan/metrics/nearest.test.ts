import {expect} from 'chai';
import type {Device} from '../../../dist/backends/device.js';
import {fromSource} from '../../../dist/gan/data/data-loaders.js';
import type {FiniteSource} from '../../../dist/gan/data/types.js';
import {nearestImages} from '../../../dist/gan/metrics/nearest.js';
import {pixelFeatures} from '../../../dist/gan/metrics/pixel-features.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openCpu} from '../../runs/helpers.js';

describe('nearest training images', () => {
  const [count, n, shape] = [40, 8, [6, 5, 3]] as const;
  const image = (seed: number): Uint8Array => {
    const rng = new Rng(seed);
    return Uint8Array.from({length: 90}, () => rng.int(256));
  };
  const source: FiniteSource = {shape: [...shape], size: count, read: image};
  const {train, normalization} = fromSource(source, {batchSize: 7, dropLast: false});
  const look = (fake: (i: number) => Uint8Array) =>
    nearestImages(
      {data: Uint8Array.from(Array.from({length: n}, (_, i) => [...fake(i)]).flat()), shape: [n, ...shape]},
      train,
      {extractor: pixelFeatures, normalization},
    );
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());

  it('of copies are the originals, nearest pair first', async () => {
    // image 3 i, of which i numbers are changed
    const changed = (i: number): Uint8Array => image(3 * i).map((value, at) => (at < i ? value ^ 64 : value));
    const {ratio, close, images, trainingImages, pairs} = await look(changed);
    expect({images, trainingImages, close}).to.deep.equal({images: n, trainingImages: count, close: 1});
    expect(ratio).to.be.below(0.5);
    expect(pairs.shape).to.deep.equal([2 * n, ...shape]);
    const part = (at: number): string => Buffer.from(pairs.data.slice(at * 90, (at + 1) * 90)).toString('hex');
    const hex = (of: Uint8Array): string => Buffer.from(of).toString('hex');
    expect([part(0), part(1)]).to.deep.equal([hex(image(0)), hex(image(0))]); // nothing is changed
    const originals = new Map(Array.from({length: n}, (_, i) => [hex(changed(i)), hex(image(3 * i))]));
    for (let i = 0; i < n; i++) expect(part(2 * i + 1)).to.equal(originals.get(part(2 * i)));
    expect((await look((i) => image(i))).ratio).to.equal(0);
  });

  it('of new images of the same kind are as far as training images are from each other', async () => {
    const {ratio, close} = await look((i) => image(1000 + i));
    expect(ratio).to.be.within(0.9, 1.1);
    expect(close).to.be.below(0.5);
  });
});
