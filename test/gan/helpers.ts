/** Small networks and data that many tests of the library share. */
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  basicCritic,
  basicGenerator,
  Dense,
  fromBatches,
  Module,
  Normalization,
  Parameter,
  Rng,
  setSeed,
  tf,
  type Batch,
  type DataLoaders,
  type Sequential,
  type StateDict,
  type Tensor,
} from 'gankit';

/** Values of Normal(0, 1) from a seed. */
export const random = (shape: readonly number[], seed: number, scale = 1): Tensor =>
  tf.tensor(
    new Rng(seed).normal(
      shape.reduce((a, b) => a * b, 1),
      0,
      scale,
    ),
    [...shape],
  );

export const valuesOf = (x: Tensor): number[] => Array.from(x.dataSync());

export {ganError} from '../gan-error.js';

/** A folder for the time of one test. */
export async function inFolder(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'gan-test-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
}

export const latent = 4;
export const side = 8;

/** A generator and a critic of 8x8 images with some hundred parameters each. */
export function tinyNets(seed = 1): {generator: Sequential; critic: Sequential} {
  setSeed(seed);
  return {
    generator: basicGenerator(side, 1, {inSize: latent, nFeatures: 4}),
    critic: basicCritic(side, 1, {nFeatures: 4, nExtraLayers: 1}),
  };
}

/** `count` batches of latents and of images that are random too. */
export function noiseBatches(
  count: number,
  {
    size = 2,
    seed = 7,
    shape = [side, side, 1],
    inputShape = [latent],
  }: {size?: number; seed?: number; shape?: number[]; inputShape?: number[]} = {},
): Batch[] {
  const rng = new Rng(seed);
  const tensor = (of: number[], name: string, i: number) => {
    const full = [size, ...of];
    return {
      data: rng.fork(name, i).normal(
        full.reduce((a, b) => a * b, 1),
        0,
        0.5,
      ),
      shape: full,
    };
  };
  return Array.from({length: count}, (_, i) => ({
    input: tensor(inputShape, 'input', i),
    target: tensor(shape, 'target', i),
    size,
  }));
}

/** y = weight * x with a single number for weight: what training does to it can be computed by hand. */
export class Scale extends Module {
  readonly weight: Parameter;

  constructor(weight: number) {
    super();
    this.weight = this.register('weight', new Parameter(Float32Array.of(weight), [1]));
  }

  override forward(x: Tensor): Tensor {
    return tf.mul(x, this.weight.variable);
  }

  get value(): number {
    return this.weight.variable.dataSync()[0]!;
  }
}

/** Batches whose inputs and targets are single numbers. */
export function numberBatches(pairs: readonly (readonly [number, number])[]): Batch[] {
  return pairs.map(([input, target]) => ({
    input: {data: Float32Array.of(input), shape: [1, 1]},
    target: {data: Float32Array.of(target), shape: [1, 1]},
    size: 1,
  }));
}

export const numberLoaders = (
  train: readonly (readonly [number, number])[],
  valid?: readonly (readonly [number, number])[],
): DataLoaders =>
  fromBatches(numberBatches(train), {
    normalization: Normalization.symmetric(1),
    ...(valid && {valid: numberBatches(valid)}),
  });

/** A linear map without bias, of known weight [out][in]. */
export function dense(rows: number[][], bias?: number[]): Dense {
  const layer = new Dense(rows[0]!.length, rows.length, {bias: bias !== undefined});
  const state: StateDict = new Map([
    ['weight', {dtype: 'F32', shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat())}],
  ]);
  if (bias) state.set('bias', {dtype: 'F32', shape: [rows.length], data: Float32Array.from(bias)});
  layer.loadStateDict(state);
  return layer;
}

/** Every number of a network's state, for comparing bit by bit. */
export async function allState(net: Module): Promise<Record<string, number[]>> {
  return Object.fromEntries([...(await net.stateDict())].map(([name, {data}]) => [name, Array.from(data, Number)]));
}

/** A network of one function. */
export class FunctionModule extends Module {
  readonly #compute: (x: Tensor) => Tensor;

  constructor(compute: (x: Tensor) => Tensor) {
    super();
    this.#compute = compute;
  }

  override forward(x: Tensor): Tensor {
    return this.#compute(x);
  }
}
