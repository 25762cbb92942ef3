import {expect} from 'chai';
import {Rng, tf, type Module} from 'gankit';
import {exportTools} from '../../../dist/gan/export/tools.js';
import {graphOf} from '../../../dist/gan/export/traced-network.js';
import {toOnnx} from '../../../dist/parts/exporters/onnx/write.js';
import {toTfjs} from '../../../dist/parts/exporters/tfjs/write.js';
import {permute} from '../../../dist/gan/module.js';
import {runGraphModel} from './graph-model.js';
import {onnxruntime, runOnnx, type Ort} from './onnxruntime.js';

export const ort: Ort | undefined = onnxruntime();
export const noOrt = 'onnxruntime is not installed: npm ci --ignore-scripts --prefix test/onnxruntime';

/** Moves all parameters and statistics off their starts, where batch norms do nothing and attention is off. */
export function shake(network: Module, seed = 7): void {
  const rng = new Rng(seed);
  for (const [name, {variable}] of [...network.namedParameters(), ...network.namedBuffers()]) {
    const moved = name.endsWith('running_var')
      ? tf.tensor(rng.uniform(variable.size, 0.5, 2), variable.shape)
      : tf.add(variable, tf.tensor(rng.normal(variable.size, 0, 0.1), variable.shape));
    if (!/weight_[uv]$/.test(name)) variable.assign(moved); // singular vectors stay of length 1
  }
}

/**
 * A batch of 4 for a network, and what the library makes of it. `slack` is how far that moves when each input is
 * rounded to one part in 100,000: an instance norm of nearly equal values enlarges every rounding by its 1 / sqrt(eps).
 */
export function expected(
  network: Module,
  itemShape: readonly number[],
  seed = 11,
): {input: Float32Array; shape: number[]; output: Float32Array; outputShape: number[]; slack: number} {
  const shape = [4, ...itemShape];
  const input = new Rng(seed).normal(shape.reduce((a, b) => a * b, 1));
  return tf.tidy(() => {
    const output = network.eval().forward(tf.tensor(input, shape));
    const rounded = input.map((value, i) => value * (i % 2 === 0 ? 1 + 1e-5 : 1 - 1e-5));
    const slack = tf.max(tf.abs(tf.sub(network.forward(tf.tensor(rounded, shape)), output))).dataSync()[0]!;
    return {input, shape, output: output.dataSync() as Float32Array, outputShape: output.shape, slack};
  });
}

const first = (rank: number): number[] =>
  rank < 3 ? [0, 1].slice(0, rank) : [0, rank - 1, ...Array.from({length: rank - 2}, (_, i) => i + 1)];
const toFirst = (data: Float32Array, shape: number[]): {data: Float32Array; shape: number[]} => ({
  data: permute(data, shape, first(shape.length)),
  shape: first(shape.length).map((axis) => shape[axis]!),
});

/** Within 1e-4 of the largest value, which is what the exports promise, or within `slack`. */
export function expectNear(got: Float32Array, wanted: Float32Array, what: string, slack = 0): void {
  expect(got.length, what).to.equal(wanted.length);
  const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0.01);
  const far = wanted.reduce((max, value, i) => Math.max(max, Math.abs(value - got[i]!)), 0);
  expect(far, `${what}: the largest difference, of values up to ${largest}`).to.be.at.most(
    Math.max(1e-4 * largest, slack),
  );
}

export interface Format {
  name: string;
  /** Why what is exported cannot be run here. */
  missing?: string;
  /**
   * The exported network computes what the library computes, for a batch of another size than any that the export has
   * seen.
   */
  expectSame(network: Module, itemShape: readonly number[]): Promise<void>;
}

export const formats: readonly Format[] = [
  {
    name: 'tfjs',
    async expectSame(network, itemShape) {
      const {input, shape, output, outputShape, slack} = expected(network, itemShape);
      const facts = {name: 'network', input: 'x', output: 'y', metadata: {}};
      const model = toTfjs(await graphOf(network, itemShape), facts, exportTools);
      const got = await runGraphModel(model, input, shape);
      expect(got.shape).to.deep.equal(outputShape);
      expectNear(got.data, output, 'tfjs', slack);
    },
  },
  {
    name: 'ONNX',
    ...(!ort && {missing: noOrt}),
    async expectSame(network, itemShape) {
      const {input, shape, output, outputShape, slack} = expected(network, itemShape);
      const facts = {name: 'network', input: 'x', output: 'y', doc: '', metadata: {}};
      const model = toOnnx(await graphOf(network, itemShape), facts, exportTools);
      const [given, wanted] = [toFirst(input, shape), toFirst(output, outputShape)];
      const got = await runOnnx(ort!, model, given.data, given.shape);
      expect(got.shape).to.deep.equal(wanted.shape);
      expectNear(got.data, wanted.data, 'ONNX', slack);
    },
  },
];

/** The same tests for each format; those of one that cannot be run here are skipped, and it is said why. */
export function inEachFormat(tests: (expectSame: Format['expectSame']) => void): void {
  for (const {name, missing, expectSame} of formats) {
    describe(`in ${name}`, () => {
      before(function () {
        if (missing === undefined) return;
        console.log(`      skipped: ${missing}`);
        this.skip();
      });
      tests(expectSame);
    });
  }
}
