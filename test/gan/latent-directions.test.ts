import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {
  basicGenerator,
  Dense,
  latentDirections,
  lightGenerator,
  mlpGenerator,
  Module,
  Parameter,
  resnetGenerator,
  Rng,
  Sequential,
  setSeed,
  Tanh,
  tf,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../device.js';
import {pythonOrSkip} from '../python.js';
import {ganError, valuesOf} from './helpers.js';

const latentSize = 12;
const image = {height: 8, width: 8, channels: 3};

/** The generators of all architectures, and the parameter that multiplies the latent. */
const generators: Record<string, {make(): Module; weight: string; layer: string}> = {
  basic: {make: () => basicGenerator(8, 3, {inSize: latentSize, nFeatures: 8}), weight: '1.0.weight', layer: '1.0'},
  resnet: {make: () => resnetGenerator(image, {latentSize, nFeatures: 4}), weight: '0.weight', layer: '0'},
  light: {make: () => lightGenerator(image, {latentSize, nFeatures: 2}), weight: '0.weight', layer: '0'},
  mlp: {make: () => mlpGenerator(image, {latentSize, width: 16}), weight: '0.weight', layer: '0'},
};

/** Of each torch weight W: the eigenvalues of WᵀW as shares, and unit eigenvectors, by numpy. */
const script = `
import json, sys, numpy as np
found = []
for case in json.load(sys.stdin):
    w = np.array(case["data"]).reshape(case["shape"])
    w = w.reshape(w.shape[0], -1)
    values, vectors = np.linalg.eigh(w @ w.T if case["transposed"] else w.T @ w)
    found.append({"shares": (values[::-1] / values.sum()).tolist(), "vectors": vectors.T[::-1].tolist()})
print(json.dumps(found))
`;

interface Reference {
  shares: number[];
  vectors: number[][];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('directions of the latent space', () => {
  withDevice();

  it(`of ${Object.keys(generators).join(', ')}: the eigenvectors of the first weight, as numpy finds them`, async function () {
    const python = await pythonOrSkip(this, 'numpy');
    const made = Object.entries(generators).map(([name, {make, weight}], seed) => {
      setSeed(seed);
      return {name, generator: make(), weight};
    });
    const cases = made.map(async ({name, generator, weight}) => {
      const {data, shape} = (await generator.stateDict()).get(weight)!;
      const transposed = name === 'basic'; // torch's ConvTranspose2d has [in, out, ...], its Linear [out, in]
      return {data: Array.from(data as Float32Array), shape, transposed};
    });
    const input = JSON.stringify(await Promise.all(cases));
    const wanted = JSON.parse(spawnSync(python, ['-c', script], {input, encoding: 'utf8'}).stdout) as Reference[];
    for (const [i, {name, generator}] of made.entries()) {
      const found = await latentDirections(generator, latentSize, {count: latentSize});
      expect(found.layer).to.equal(generators[name]!.layer);
      expect(found.vectors).to.have.length(latentSize);
      expectClose(found.shares, wanted[i]!.shares, 'gradient');
      // up to the sign, of which the largest number is positive
      for (const [at, vector] of found.vectors.entries()) {
        expect(Math.abs(dot(vector, wanted[i]!.vectors[at]!)), `${name}, direction ${at}`).to.be.closeTo(1, 1e-4);
        expect(Math.max(...vector)).to.equal(Math.max(...vector.map(Math.abs)));
      }
    }
  });

  it('of a weight that is known: the axes that it stretches most, by the squares of how much', async () => {
    const generator = new Sequential([new Dense(3, 4), new Tanh(), new Dense(4, 2)]);
    const first = generator.parameters()[0]!;
    // rows are what a number of the latent adds
    first.variable.assign(
      tf.tensor2d([
        [0, 1, 0, 0],
        [0, 0, -3, 0],
        [2, 0, 0, 0],
      ]),
    );
    const {vectors, shares} = await latentDirections(generator, 3);
    expectClose(
      vectors.flatMap((vector) => [...vector]),
      [0, 1, 0, 0, 0, 1, 1, 0, 0],
    );
    expectClose(shares, [9 / 14, 4 / 14, 1 / 14]);
  });

  it('of a layer that is not linear: of what is odd in it, on the average over latents', async () => {
    class Bent extends Module {
      readonly weight = this.register('weight', new Parameter(Float32Array.of(1), [1]));
      override forward(z: Tensor): Tensor {
        const [a, b] = tf.split(z, 2, 1) as [Tensor, Tensor];
        return tf.concat([tf.mul(5, tf.square(a)), tf.add(a, b), tf.mul(0.5, tf.pow(tf.sub(a, b), 3))], 1);
      }
    }
    // latents of length sqrt(2): on that circle (a - b)^3 is nearest to 3 (a - b), and a square to nothing
    // so A = [1, 1; 1.5, -1.5]: eigenvalues of AᵀA 4.5 for the difference and 2 for the sum
    const {vectors, shares} = await latentDirections(new Bent(), 2, {samples: 8000});
    expect(Math.abs(dot(vectors[0]!, [Math.SQRT1_2, -Math.SQRT1_2]))).to.be.closeTo(1, 0.01);
    expect(shares[0]).to.be.closeTo(4.5 / 6.5, 0.02);
  });

  it('looks past what does not depend on the latent, and computes nothing after the layer', async () => {
    const calls: number[] = [];
    class Constant extends Module {
      readonly weight = this.register('weight', new Parameter(new Rng(1).normal(4), [1, 4]));
      override forward(z: Tensor): Tensor {
        return tf.tile(this.weight.variable, [z.shape[0]!, 1]);
      }
    }
    class End extends Module {
      override forward(x: Tensor): Tensor {
        calls.push(x.shape[0]!);
        return x;
      }
    }
    class Styled extends Module {
      readonly start = this.add('start', new Constant());
      readonly style = this.add('style', new Dense(3, 4));
      readonly end = this.add('end', new End());
      override forward(z: Tensor): Tensor {
        return this.end.forward(tf.mul(this.start.forward(z), this.style.forward(z)));
      }
    }
    const {layer, vectors} = await latentDirections(new Styled(), 3, {count: 2});
    expect({layer, count: vectors.length, calls}).to.deep.equal({layer: 'style', count: 2, calls: [2]});
  });

  it('is repeatable, leaves the generator as it was and no tensors behind', async () => {
    setSeed(5);
    const generator = generators['light']!.make();
    const latents = tf.tensor2d(new Rng(1).normal(2 * latentSize), [2, latentSize]);
    generator.eval();
    const before = valuesOf(generator.forward(latents));
    generator.train();
    const tensors = tf.memory().numTensors;
    const [a, b] = [await latentDirections(generator, latentSize), await latentDirections(generator, latentSize)];
    expect(tf.memory().numTensors).to.equal(tensors);
    expect(a).to.deep.equal(b);
    expect(generator.modules().every(({training}) => training)).to.equal(true);
    expect(valuesOf(generator.eval().forward(latents))).to.deep.equal(before);
  });

  it('refuses counts below one, and a generator that makes one image only', async () => {
    const generator = new Sequential([new Dense(3, 4)]);
    expect(await ganError(() => latentDirections(generator, 3, {count: 0}))).to.include({code: 'GAN_ARGUMENT'});
    for (const {variable} of generator.parameters()) variable.assign(tf.zerosLike(variable));
    const tensors = tf.memory().numTensors;
    expect(await ganError(() => latentDirections(generator, 3))).to.include({code: 'GAN_NO_DIRECTIONS'});
    expect(tf.memory().numTensors).to.equal(tensors);
  });
});
