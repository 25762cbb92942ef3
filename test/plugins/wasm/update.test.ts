import {expect} from 'chai';
import {tf} from '../../../src/backends/tf.js';
import {Parameter} from '../../../src/gan/module.js';
import type {OptimizerFactory} from '../../../src/gan/optim/optimizer.js';
import {adam, rmsProp, sgd} from '../../../src/gan/optim/rules.js';
import {Rng} from '../../../src/gan/rng.js';
import {random, withDevice} from './support.js';

const rules: Record<string, OptimizerFactory> = {
  'sgd': sgd(),
  'sgd with momentum': sgd({mom: 0.9, wd: 0.01}),
  'sgd with decay in the gradient': sgd({mom: 0.9, wd: 0.01, decoupleWd: false}),
  'rmsprop': rmsProp(),
  'rmsprop with momentum and decay': rmsProp({mom: 0.5, wd: 0.1}),
  'adam': adam(),
  'adam with decay in the gradient': adam({wd: 0.05, decoupleWd: false}),
};

/** Values and averages of two parameters after three steps. */
async function train(factory: OptimizerFactory): Promise<Float32Array[]> {
  const parameters = [[33, 7], [50_001]].map((shape, i) => new Parameter(new Rng(i).uniform(tf.util.sizeFromShape(shape), -1, 1), shape));
  const optimizer = factory([parameters], 0.01);
  for (let step = 0; step < 3; step++) {
    const gradients = new Map(parameters.map((parameter, i) => [parameter, random(parameter.shape, 10 * step + i)]));
    optimizer.step(gradients);
    tf.dispose([...gradients.values()]);
  }
  const state = await optimizer.stateDict(new Map(parameters.map((parameter, i) => [parameter, String(i)])));
  const values = await Promise.all(parameters.map(async ({variable}) => (await variable.data()) as Float32Array));
  optimizer.dispose();
  for (const {variable} of parameters) variable.dispose();
  return [...values, ...[...state.values()].map(({data}) => Float32Array.from(data as Float32Array, Number))];
}

describe('wasm: updates of parameters', () => {
  withDevice();

  for (const [name, factory] of Object.entries(rules)) {
    it(`${name}: the same as the composition to the last bit, and no tensor more`, async () => {
      const kernel = tf.getKernel('OptimizerUpdate', 'wasm');
      const before = tf.memory().numTensors;
      const fused = await train(factory);
      expect(tf.memory().numTensors).to.equal(before);
      tf.unregisterKernel('OptimizerUpdate', 'wasm');
      const composed = await train(factory);
      tf.registerKernel(kernel);
      expect(fused).to.deep.equal(composed);
    });
  }
});
