import {expect} from 'chai';
import {tf} from 'gankit';
import {noGrad} from '../../../dist/backends/fused/no-grad.js';
import {withDevice} from '../../device.js';
import {valuesOf} from '../../gan/helpers.js';

describe('noGrad', () => {
  withDevice();

  it('gives the value, and counts as a constant', () => {
    const x = tf.variable(tf.tensor([3]));
    const {grads} = tf.variableGrads(
      () =>
        tf.sum(
          tf.mul(
            x,
            noGrad(() => tf.square(x)),
          ),
        ),
      [x],
    );
    expect(valuesOf(grads[x.name]!)).to.deep.equal([9]); // not 27
    expect(valuesOf(noGrad(() => tf.square(x)))).to.deep.equal([9]);
  });

  it('frees what its function leaves, and keeps the result only', () => {
    const x = tf.variable(tf.tensor([3]));
    const before = tf.memory().numTensors;
    const y = noGrad(() => tf.add(tf.square(x), tf.mul(x, 2)));
    expect(tf.memory().numTensors).to.equal(before + 1);
    expect(valuesOf(y)).to.deep.equal([15]);
  });
});
