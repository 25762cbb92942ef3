import {execFileSync} from 'node:child_process';
import {expect} from 'chai';
import {nn, setSeed, tf, type Tensor} from 'gankit';
import {withDevice} from '../device.js';

type Unary = (x: Tensor) => Tensor;

/** Operations that may stand in a critic or generator under a gradient penalty. */
const operations: Record<string, Unary> = {
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  exp: tf.exp,
  softplus: tf.softplus,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  square: tf.square,
  'leaky ReLU': (x) => tf.leakyRelu(x, 0.2),
  clipByValue: (x) => tf.clipByValue(x, -1, 1),
  softmax: (x) => tf.softmax(x),
  'log of softmax': (x) => tf.log(tf.softmax(x)),
};
/** Away from the kinks at -1, 0, 1 and 6. */
const at = [-1.7, -0.6, 0.3, 1.4];
const weights = [0.7, -1.3, 0.4, 1.1];

/** The gradient of a weighted sum of cubes, so that its own derivative is not 0 for piecewise linear operations. */
const firstGradient = (operation: Unary): Unary =>
  tf.grad((x) => tf.sum(tf.mul(tf.pow(operation(x), 3), tf.tensor(weights))));

describe('second derivatives', () => {
  withDevice();

  for (const [name, operation] of Object.entries(operations)) {
    it(`of ${name} are those of finite differences`, () => {
      const gradient = firstGradient(operation);
      const [direction, step] = [[0.3, -0.8, 0.5, 0.9], 1e-2];
      const along = (sign: number): number[] =>
        Array.from(gradient(tf.tensor(at.map((x, i) => x + sign * step * direction[i]!))).dataSync());
      const [before, after] = [along(-1), along(1)];
      const wanted = after.map((value, i) => (value - before[i]!) / (2 * step));
      const product = tf
        .grad((x) => tf.sum(tf.mul(gradient(x), tf.tensor(direction))))(tf.tensor(at))
        .dataSync();
      wanted.forEach((value, i) =>
        expect(product[i], `at ${at[i]}`).to.be.closeTo(value, 2e-3 * Math.max(1, ...wanted.map(Math.abs))),
      );
    });
  }

  it('of a critic with batch norm, convolutions and leaky ReLU give the gradient of a penalty', () => {
    setSeed(3);
    const critic = nn.basicCritic(8, 2, {nFeatures: 4, nExtraLayers: 1, actCls: () => nn.leakyRelu(0.2)});
    const images = tf.randomNormal([3, 8, 8, 2], 0, 1, 'float32', 5);
    const penalty = (): Tensor => {
      const slopes = tf.grad((x: Tensor) => tf.sum(critic.forward(x)))(images);
      const norms = tf.sqrt(tf.sum(tf.square(slopes), [1, 2, 3]));
      return tf.mean(tf.square(tf.sub(norms, 1)));
    };
    const {variable} = critic.parameters()[0]!;
    const {grads} = tf.variableGrads(penalty as () => ReturnType<typeof tf.scalar>, [variable]);
    const direction = tf.randomNormal(variable.shape, 0, 1, 'float32', 6);
    const start = tf.clone(variable);
    const shifted = (amount: number): number => {
      variable.assign(tf.add(start, tf.mul(direction, amount)));
      return penalty().dataSync()[0]!;
    };
    const step = 2e-3;
    const wanted = (shifted(step) - shifted(-step)) / (2 * step);
    const got = tf.sum(tf.mul(grads[variable.name]!, direction)).dataSync()[0]!;
    expect(got).to.be.closeTo(wanted, 1e-2 * Math.max(1, Math.abs(wanted)));
  });

  it('still need the patches of src/backends/gradients.ts: upstream has none of them right', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-cpu';
      import '${new URL('../../dist/vendor/tf-gradients.cjs', import.meta.url).href}';
      const right = {
        tanh: [tf.tanh, (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2)], exp: [tf.exp, Math.exp],
        sigmoid: [tf.sigmoid, (x) => { const y = 1 / (1 + Math.exp(-x)); return y * (1 - y) * (1 - 2 * y); }],
        elu: [(x) => tf.elu(x), (x) => Math.exp(x)], relu6: [(x) => tf.square(tf.relu6(x)), () => 0],
        leakyRelu: [(x) => tf.square(tf.leakyRelu(x, 0.2)), () => 0.08], clipByValue: [(x) => tf.square(tf.clipByValue(x, -1, 1)), () => 2],
      };
      const mended = Object.entries(right).filter(([, [f, second]]) => {
        try {
          const got = tf.grad((x) => tf.sum(tf.grad((z) => tf.sum(f(z)))(x)))(tf.tensor([-0.5])).dataSync()[0];
          return Math.abs(got - second(-0.5)) < 1e-4;
        } catch { return false; }
      });
      console.log(JSON.stringify(mended.map(([name]) => name)));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(output.trim().split('\n').at(-1)!), 'mended upstream: take these patches out').to.deep.equal([]);
  });
});
