import {expect} from 'chai';
import fc from 'fast-check';
import {imagenetStats, Normalization} from '../../../dist/gan/data/normalize.js';
import {ganError} from './helpers.js';

const allBytes = Uint8Array.from({length: 256}, (_, i) => i);

describe('Normalization', () => {
  it('maps bytes 0, 51 and 255 to -1, -0.6 and 1 by default', () => {
    const out = Normalization.symmetric(3).apply({data: Uint8Array.of(0, 51, 255), shape: [1, 1, 3]});
    expect(out[0]).to.equal(-1);
    expect(out[1]).to.be.closeTo(-0.6, 1e-7); // float32
    expect(out[2]).to.equal(1);
  });

  it('uses mean and std of the channel', () => {
    const out = new Normalization(imagenetStats).apply({data: Uint8Array.of(255, 255, 255, 0, 0, 0), shape: [2, 1, 3]});
    const expected = [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225, -0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225];
    expected.forEach((value, i) => expect(out[i]).to.be.closeTo(value, 1e-6)); // float32 at magnitude 2.6
  });

  it('rounds to float32 after division by 255, subtraction and division, as fastai does', () => {
    const out = new Normalization({mean: [0.485], std: [0.229]}).apply({data: allBytes, shape: [256, 1]});
    const f = Math.fround;
    allBytes.forEach((v) => expect(out[v]).to.equal(f(f(f(v / 255) - f(0.485)) / f(0.229))));
  });

  it('is undone exactly for every byte, for any statistics', () =>
    fc.assert(
      fc.property(
        fc.double({min: 0, max: 1, noNaN: true}),
        fc.double({min: 0.05, max: 2, noNaN: true}),
        (mean, std) => {
          const normalization = new Normalization({mean: [mean], std: [std]});
          const back = normalization.undo(normalization.apply({data: allBytes, shape: [256, 1]}), [256, 1]);
          expect(back).to.deep.equal({data: allBytes, shape: [256, 1]});
        },
      ),
    ));

  it('rounds and clamps when undone, and makes NaN black', () => {
    const values = Float32Array.of(-1.5, 1.5, 0, 0.999, NaN, -0.999);
    const {data} = Normalization.symmetric(1).undo(values, [6, 1]);
    expect([...data]).to.deep.equal([0, 255, 128, 255, 0, 0]); // 127.5 goes to the even neighbour
  });

  it('leaves floats alone', () => {
    const data = Float32Array.of(3, 4);
    expect(Normalization.symmetric(1).apply({data, shape: [2, 1]})).to.equal(data);
  });

  it('refuses bytes with another number of channels, and statistics that make no sense', async () => {
    const wrong = await ganError(() => Normalization.symmetric(3).apply({data: new Uint8Array(4), shape: [2, 2, 1]}));
    expect(wrong.message).to.contain('3 channels').and.contain('[2, 2, 1]');
    for (const stats of [
      {mean: [0.5], std: [0]},
      {mean: [0.5, 0.5], std: [1]},
      {mean: [NaN], std: [1]},
      {mean: [], std: []},
    ]) {
      expect(await ganError(() => new Normalization(stats))).to.include({code: 'GAN_NORMALIZATION', kind: 'config'});
    }
  });
});
