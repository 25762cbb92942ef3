import type {Rng} from '../rng.js';

/** The sizes that initial values depend on, as torch.nn.init counts them: fan_in = weight.size(1) * kernel size. */
export interface Fan {
  size: number;
  fanIn: number;
  fanOut: number;
}

/** Draws the initial values of a weight. */
export type Init = (rng: Rng, fan: Fan) => Float32Array;

/**
 * U(-b, b), b = sqrt(6 / ((1 + a^2) fan_in)): He et al., arXiv 1502.01852; torch's kaiming_uniform_ for leaky ReLU of
 * slope `a`.
 */
export const kaimingUniform =
  (a = 0): Init =>
  (rng, {size, fanIn}) =>
    symmetric(rng, size, Math.sqrt(6 / ((1 + a * a) * fanIn)));

/** Normal(0, sqrt(2 / fan_in)): torch's kaiming_normal_. */
export const kaimingNormal: Init = (rng, {size, fanIn}) => rng.normal(size, 0, Math.sqrt(2 / fanIn));

/** U(-b, b), b = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010; torch's xavier_uniform_. */
export const xavierUniform: Init = (rng, {size, fanIn, fanOut}) =>
  symmetric(rng, size, Math.sqrt(6 / (fanIn + fanOut)));

/**
 * torch's default initialisation of weight and bias of convolutions and dense layers: U(-b, b), b = 1 / sqrt(fan_in).
 */
export const torchDefault: Init = (rng, {size, fanIn}) => symmetric(rng, size, 1 / Math.sqrt(fanIn));

/** Normal(0, std). */
export const normal =
  (std: number): Init =>
  (rng, {size}) =>
    rng.normal(size, 0, std);

/** The values of another initialisation times `gain`, as torch's gains. */
export const scaled =
  (init: Init, gain: number): Init =>
  (rng, fan) =>
    init(rng, fan).map((value) => gain * value);

export const zeros: Init = (_, {size}) => new Float32Array(size);

function symmetric(rng: Rng, size: number, bound: number): Float32Array {
  return rng.uniform(size, -bound, bound);
}
