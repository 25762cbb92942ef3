import {expect} from 'chai';
import fc from 'fast-check';
import {tf} from '../../../dist/backends/tf.js';
import {upload} from '../../../dist/gan/upload.js';
import {Normalization} from '../../../dist/gan/data/normalize.js';
import {Rng} from '../../../dist/gan/rng.js';
import {forAll, withDevice} from './support.js';

const drawn = fc.record({
  batch: fc.integer({min: 1, max: 4}),
  height: fc.integer({min: 1, max: 9}),
  width: fc.integer({min: 1, max: 9}),
  stats: fc.array(fc.tuple(fc.double({min: -1, max: 1, noNaN: true}), fc.double({min: 0.1, max: 2, noNaN: true})), {
    minLength: 1,
    maxLength: 5,
  }),
  seed: fc.nat(1000),
});

describe('wasm: pixel bytes', () => {
  withDevice();

  it('become (pixel / 255 - mean) / std, rounded to float32 after each operation', () =>
    forAll(drawn, async ({batch, height, width, stats, seed}) => {
      const [mean, std] = [stats.map(([m]) => m), stats.map(([, s]) => s)];
      const rng = new Rng(seed);
      const shape = [batch, height, width, stats.length];
      const data = Uint8Array.from({length: tf.util.sizeFromShape(shape)}, () => rng.int(256));
      const image = upload({data, shape}, new Normalization({mean, std}));
      expect(image.shape).to.deep.equal(shape);
      const values = await image.data();
      image.dispose();
      const round = Math.fround;
      values.forEach((value, i) => {
        const c = i % stats.length;
        expect(value).to.equal(round(round(round(data[i]! / 255) - round(mean[c]!)) / round(std[c]!)));
      });
    }));

  it('are refused with another number of channels', () => {
    expect(() => upload({data: new Uint8Array(8), shape: [2, 4]}, Normalization.symmetric(3))).to.throw(
      'normalisation has 3 channels',
    );
  });
});
