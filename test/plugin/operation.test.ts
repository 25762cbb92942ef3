/** A plug-in that brings an operation of its own: a reference composition, and a kernel for one backend. */
import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {openBackend, type Device} from 'gankit';
import {Steps} from '../../dist/backends/capture/steps.js';
import {observeKernels} from '../../dist/backends/kernel-calls.js';
import {openDevice} from '../../dist/backends/open.js';
import {tf, type Tensor} from '../../dist/backends/tf.js';
import {importTensors} from '../../dist/plugin/discover.js';
import type {Operation} from '../../dist/plugin/index.js';
import {Registry} from '../../dist/plugin/registry.js';
import {pack, removeFolders} from './helpers.js';

/** y = scale x sigmoid(b x). */
const plugin = `export default ({callback, operation, tf}) => {
  const swish = operation({
    name: 'TestSwish',
    inputs: ['x', 'b'],
    reference: ({x, b}, {scale}) => tf.mul(tf.mul(x, scale), tf.sigmoid(tf.mul(b, x))),
    kernels: {
      cpu({inputs: {x, b}, attrs: {scale}, backend}) {
        const [values, [factor]] = [x, b].map(({dataId}) => backend.data.get(dataId).values);
        const out = values.map((v) => (scale * v) / (1 + Math.exp(-factor * v)));
        return backend.makeTensorInfo(x.shape, 'float32', out);
      },
    },
  });
  return callback({name: 'swish', summary: 'A test.', create: () => ({critic: swish, generator: swish})});
};`;

const data = [-2, -0.5, 0, 0.25, 1, 3];
const [scale, factor] = [1.5, 0.8];

describe('an operation of a plug-in', () => {
  let swish: Operation<'x' | 'b', {scale: number}, Tensor>;
  before(async () => {
    const registry = new Registry(
      [pack('gan-plugin-swish', {api: 2, callbacks: {swish: './x.js'}}, {'x.js': plugin})],
      importTensors,
    );
    swish = ((await registry.create('callback', 'swish')) as unknown as {critic: unknown}).critic as typeof swish;
  });
  after(removeFolders);

  /** y, the derivatives of sum(y) by x and b, and the derivative of sum((dy/dx)^2) by x; and the kernels that ran. */
  async function results() {
    const kernels = new Set<string>();
    const stop = observeKernels(({kernel}) => kernels.add(kernel));
    const x = tf.tensor1d(data);
    const b = tf.scalar(factor);
    const before = tf.memory().numTensors;
    const y = swish({x, b}, {scale});
    const sum = (x: Tensor, b: Tensor): Tensor => tf.sum(swish({x, b}, {scale}));
    const [dx, db] = tf.grads(sum)([x, b]);
    const twice = tf.grad((x: Tensor) => tf.sum(tf.square(tf.grad((x: Tensor) => sum(x, b))(x))))(x);
    stop();
    const values = await Promise.all([y, dx!, db!, twice].map(async (each) => Array.from(await each.data())));
    tf.dispose([y, dx, db, twice]);
    expect(tf.memory().numTensors).to.equal(before);
    tf.dispose([x, b]);
    return {values, kernels: [...kernels]};
  }

  /** The same in closed form, in float64. */
  function closedForm(): number[][] {
    const parts = data.map((x) => {
      const s = 1 / (1 + Math.exp(-factor * x));
      const [first, second] = [s * (1 - s), s * (1 - s) * (1 - 2 * s)]; // derivatives of the sigmoid
      return {
        y: scale * x * s,
        dx: scale * (s + x * factor * first),
        db: scale * x * x * first,
        dxx: scale * (2 * factor * first + x * factor * factor * second),
      };
    });
    return [
      parts.map(({y}) => y),
      parts.map(({dx}) => dx),
      [parts.reduce((sum, {db}) => sum + db, 0)],
      parts.map(({dx, dxx}) => 2 * dx * dxx),
    ];
  }

  /** A training step on the operation, replayed from the third time on. */
  async function trained(): Promise<{values: number[]; replayed: number; refusals: readonly string[]}> {
    const weight = tf.tidy(() => tf.variable(tf.scalar(0.5)));
    const steps = new Steps();
    const values: number[] = [];
    for (let i = 0; i < 6; i++) {
      const x = tf.tensor1d(data.map((value) => value + i));
      const [loss] = steps.run('step', [x], () => [
        tf.tidy(() => {
          const {value, grads} = tf.variableGrads(() => tf.mean(swish({x, b: weight}, {scale})) as never, [weight]);
          weight.assign(tf.sub(weight, tf.mul(Object.values(grads)[0]!, 0.1)));
          return value as Tensor;
        }),
      ]);
      values.push((await loss!.data())[0]!, (await weight.data())[0]!);
      tf.dispose([x, loss!]);
    }
    const {repeated: replayed, refusals} = steps;
    steps.clear();
    weight.dispose();
    return {values, replayed, refusals};
  }

  /** The same steps in float64. */
  function trainedInClosedForm(): number[] {
    let weight = 0.5;
    return Array.from({length: 6}, (_, i) => {
      const xs = data.map((value) => value + i);
      const s = xs.map((x) => 1 / (1 + Math.exp(-weight * x)));
      const loss = xs.reduce((sum, x, j) => sum + (scale * x * s[j]!) / xs.length, 0);
      weight -= 0.1 * xs.reduce((sum, x, j) => sum + (scale * x * x * s[j]! * (1 - s[j]!)) / xs.length, 0);
      return [loss, weight];
    }).flat();
  }

  const near = (got: readonly number[], wanted: readonly number[], what: string): void => {
    expect(got.length, what).to.equal(wanted.length);
    got.forEach((value, i) => expect(value, `${what} ${i}`).to.be.closeTo(wanted[i]!, 1e-5));
  };

  const backends: [name: string, hasKernel: boolean, open: () => Promise<Device>][] = [
    ['cpu', true, () => openDevice('cpu', {probe: async () => ({ok: true}), open: async () => ({tfBackend: 'cpu'})})],
    ['wasm', false, () => openBackend('wasm')],
  ];
  for (const [name, hasKernel, open] of backends) {
    describe(`on ${name}, for which there is ${hasKernel ? 'a' : 'no'} kernel`, () => {
      let device: Device;
      before(async () => {
        device = await open();
      });
      after(() => device.close());

      it(`is computed by the ${hasKernel ? 'kernel' : 'reference'}, with derivatives of both orders`, async () => {
        const {values, kernels} = await results();
        expect(kernels.includes('TestSwish')).to.equal(hasKernel);
        const wanted = closedForm();
        ['y', 'dy/dx', 'dy/db', 'the second derivative'].forEach((what, i) => near(values[i]!, wanted[i]!, what));
      });

      it('is captured and replayed in a training step', async () => {
        const {values, replayed, refusals} = await trained();
        expect(refusals).to.deep.equal([]);
        expect(replayed).to.be.at.least(3);
        near(values, trainedInClosedForm(), 'loss or weight');
      });
    });
  }

  it('takes no name of tfjs', async () => {
    const {defineOperation} = await importTensors();
    expect(() => defineOperation({name: 'Relu', inputs: ['x'], reference: ({x}) => tf.relu(x)})).to.throw(
      'tfjs has an operation Relu',
    );
  });
});
