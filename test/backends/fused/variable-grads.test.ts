import {expect} from 'chai';
import {tf, type Scalar, type Tensor} from '../../../dist/backends/tf.js';
import {variableGrads} from '../../../dist/backends/fused/variable-grads.js';
import {withDevice} from '../../device.js';
import {valuesOf} from '../../gan/helpers.js';

/** Hands on its input, and calls `seen` when the gradient comes by; the gradient is handed on as it is. */
function probe(x: Tensor, seen: () => void): Tensor {
  return tf.customGrad((input) => ({
    value: tf.clone(input as Tensor),
    gradFunc: (dy: Tensor) => {
      seen();
      return dy;
    },
  }))(x);
}

describe('variableGrads', () => {
  withDevice();

  it('frees on the way back what is behind', () => {
    const x = tf.variable(tf.ones([10]));
    const most = (depth: number): number => {
      let count = 0;
      const watch = (y: Tensor): Tensor => probe(y, () => (count = Math.max(count, tf.memory().numTensors)));
      const {value, grads} = variableGrads(() => {
        let y: Tensor = watch(x);
        for (let i = 0; i < depth; i++) y = tf.sqrt(y);
        return tf.sum(y) as Scalar;
      }, [x]);
      tf.dispose([value, grads]);
      return count;
    };
    // Without it there would be two tensors more for each operation.
    expect(most(40)).to.equal(most(4));
    x.dispose();
  });

  it('keeps gradients that functions hand on, to several inputs or as they came', () => {
    const [x, y] = [tf.variable(tf.tensor1d([1, 2, 3])), tf.variable(tf.tensor1d([4, 5, 6]))];
    // Both inputs of an addition get the very gradient of its result.
    const sum = tf.customGrad((a, b) => ({value: tf.add(a as Tensor, b as Tensor), gradFunc: (dy) => [dy, dy]}));
    const f = (): Scalar => {
      const shared = sum(
        probe(tf.mul(x, 2), () => {}),
        tf.square(y),
      );
      return tf.sum(tf.mul(shared, tf.add(shared, tf.square(shared)))) as Scalar;
    };
    const before = tf.memory().numTensors;
    const [own, wanted] = [variableGrads(f, [x, y]), tf.variableGrads(f, [x, y])];
    for (const name of Object.keys(wanted.grads))
      expect(valuesOf(own.grads[name]!)).to.deep.equal(valuesOf(wanted.grads[name]!));
    tf.dispose([own, wanted] as never);
    expect(tf.memory().numTensors).to.equal(before);
    tf.dispose([x, y]);
  });

  it('gives the gradient of a gradient', () => {
    const x = tf.variable(tf.scalar(3));
    const {value, grads} = variableGrads(() => tf.square(tf.grad((a) => tf.pow(a, 3) as Scalar)(x)) as Scalar, [x]);
    // (3 x^2)^2 has the derivative 36 x^3.
    expect(valuesOf(grads[x.name]!)[0]).to.be.closeTo(36 * 27, 1e-3);
    tf.dispose([value, grads, x]);
  });

  it("is tfjs's", () => {
    const x = tf.variable(tf.tensor([3]));
    const {value, grads} = variableGrads(() => tf.sum(tf.square(x)), [x]);
    expect([valuesOf(value), valuesOf(grads[x.name]!)]).to.deep.equal([[9], [6]]);
  });

  it('leaves no tensor behind when the function throws, and works afterwards', () => {
    const x = tf.variable(tf.tensor([3]));
    const before = tf.memory().numTensors;
    expect(() =>
      variableGrads(() => {
        tf.sum(tf.square(x));
        throw new Error('mine');
      }, [x]),
    ).to.throw('mine');
    expect(tf.memory().numTensors).to.equal(before);
    expect(valuesOf(variableGrads(() => tf.sum(tf.square(x)), [x]).grads[x.name]!)).to.deep.equal([6]);
  });

  it("is still needed: tfjs's own keeps what it had saved when the function throws", () => {
    const x = tf.variable(tf.tensor([3]));
    const before = tf.memory().numTensors;
    expect(() =>
      tf.variableGrads(() => {
        tf.sum(tf.square(x));
        throw new Error('mine');
      }, [x]),
    ).to.throw('mine');
    expect(tf.memory().numTensors).to.be.above(before);
  });
});
