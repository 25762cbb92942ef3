import {expect} from 'chai';
import {Dropout2d, Rng, setSeed, tf, type Tensor} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random, valuesOf} from '../helpers.js';

describe('Dropout2d', () => {
  withDevice();

  it('drops whole channels of single images with probability p and scales the others by 1 / (1 - p)', () => {
    const [n, channels, p] = [100, 50, 0.3];
    const y = tf
      .reshape(new Dropout2d(p, new Rng(1)).forward(tf.ones([n, 2, 2, channels])), [n, 4, channels])
      .arraySync() as number[][][];
    let dropped = 0;
    for (const image of y) {
      for (let c = 0; c < channels; c++) {
        const values = new Set(image.map((position) => position[c]!));
        expect(values.size, 'values in one channel').to.equal(1);
        const [value] = values;
        if (value === 0) dropped++;
        else expectClose(value!, 1 / 0.7, 'exact');
      }
    }
    // 5000 draws: standard deviation sqrt(.3 .7 / 5000) = 0.0065; five of them
    expect(dropped / (n * channels)).to.be.closeTo(p, 0.033);
  });

  it('drops other channels at every call', () => {
    const layer = new Dropout2d(0.5, new Rng(1));
    const x = tf.ones([4, 1, 1, 16]);
    expect(valuesOf(layer.forward(x))).to.not.deep.equal(valuesOf(layer.forward(x)));
  });

  it('does the same after the same seed', () => {
    const x = tf.ones([4, 1, 1, 16]);
    const draw = (seed: number): number[] => {
      setSeed(seed);
      return valuesOf(new Dropout2d(0.5).forward(x));
    };
    expect(draw(3)).to.deep.equal(draw(3));
    expect(draw(3)).to.not.deep.equal(draw(4));
  });

  it('sends the gradient through the channels it kept', () => {
    const layer = new Dropout2d(0.5, new Rng(1));
    const x = tf.variable(random([2, 3, 3, 8], 1));
    let y: Tensor | undefined;
    const {grads} = tf.variableGrads(() => tf.sum((y = tf.keep(layer.forward(x)))), [x]);
    const scale = valuesOf(y!).map((value, i) => value / x.dataSync()[i]!);
    expectClose(grads[x.name]!, scale);
    tf.dispose(y!);
  });

  it('does nothing in eval mode, and with p = 0, not even draw', () => {
    const rng = new Rng(1);
    const before = rng.save();
    const x = random([2, 2, 2, 3], 1);
    expectClose(new Dropout2d(0.5, rng).eval().forward(x), x.dataSync(), 'exact');
    expectClose(new Dropout2d(0, rng).forward(x), x.dataSync(), 'exact');
    expect(rng.save()).to.deep.equal(before);
  });

  it('refuses a p outside of [0, 1)', async () => {
    for (const p of [-0.1, 1, NaN]) expect(await ganError(() => new Dropout2d(p))).to.include({code: 'GAN_ARGUMENT'});
  });
});
