import {coefficientNames, updateAll, type UpdateCoefficients} from '../../backends/fused/update.js';
import {GanError} from '../../errors.js';
import {tf, type Variable} from '../../backends/tf.js';
import {
  fromTorch,
  zeroVariable,
  Parameter,
  toTorch,
  torchShape,
  type Buffer,
  type Module,
  type StateDict,
} from '../module.js';
import {coefficientRows} from './coefficient-sets.js';

/** Share of the images seen that the half-life does not exceed (StyleGAN2-ADA's `ema_rampup`, arXiv 2006.06676). */
const defaultRamp = 0.05;

/**
 * keep average + (1 - keep) current, by the formula of the optimisers' updates with the current value in the gradient's
 * place.
 */
const blending = (keep: number): UpdateCoefficients => ({
  keep,
  decay: 0,
  momentum: 0,
  dampening: 1,
  squareMomentum: 0,
  squareShare: 0,
  correction: 1,
  eps: 0,
  rate: keep - 1,
  bound: Infinity,
});

interface Averaged {
  name: string;
  current: Parameter | Buffer;
  average: Variable;
}

/**
 * Exponential moving average (EMA) of a network's weights over its training. What is drawn with averaged weights is
 * better and calmer
 * than what the current ones give (arXiv 1806.04498). After a step that trained on `batch` images, each parameter's
 * average a becomes
 *
 *     a <- beta a + (1 - beta) p,   beta = 0.5 ** (batch / min(halfLife, ramp * images trained on before))
 *
 * so that the first step's weights are taken as they are and early ones are soon forgotten. Buffers, such as the
 * running statistics of
 * batch norm, are copied.
 */
export class WeightAverage {
  /** In images: a weight of that age counts half as much as the present one. */
  readonly halfLife: number;
  readonly ramp: number;
  /** Images that the network has been trained on since the average began. */
  images = 0;
  readonly #entries: readonly Averaged[];

  /** @throws GanError GAN_ARGUMENT unless `halfLife` is above 0 */
  constructor(network: Module, {halfLife, ramp = defaultRamp}: {halfLife: number; ramp?: number}) {
    if (!(halfLife > 0))
      throw new GanError('usage', 'GAN_ARGUMENT', `WeightAverage: halfLife is ${halfLife}, wanted a number above 0`);
    this.halfLife = halfLife;
    this.ramp = ramp;
    this.#entries = [...network.namedParameters(), ...network.namedBuffers()].map(([name, current]) => {
      return {name, current, average: zeroVariable(current.variable.shape)};
    });
    this.restart();
  }

  /** Begins anew, with the present weights. */
  restart(): void {
    this.images = 0;
    this.#blend(0);
  }

  /** Takes in the weights after a step that trained on `batch` images. */
  update(batch: number): void {
    const halfLife = Math.min(this.halfLife, this.ramp * this.images);
    this.images += batch;
    this.#blend(halfLife > 0 ? 0.5 ** (batch / halfLife) : 0);
  }

  /** All in one kernel call where the backend has one. */
  #blend(beta: number): void {
    // The share of the current weights is 1 minus what the device will use, so that constant weights stay what they
    // are.
    const rows = [Math.fround(beta), 0].map(blending);
    tf.tidy(() => {
      const coefficients = tf.tensor(coefficientRows(rows), [rows.length, coefficientNames.length], 'float32');
      const items = this.#entries.map(({current, average}) => ({
        value: average,
        gradient: current.variable,
        averages: {},
        set: current instanceof Parameter ? 0 : 1,
        decays: false,
        bounded: false,
      }));
      updateAll(items, coefficients, ({value}, i) => this.#entries[i]!.average.assign(value), {consumes: true});
    });
  }

  /** Calls `f`, which must not be async, while the network has its averaged weights. */
  applied<T>(f: () => T): T {
    const present = this.#entries.map(({current}) => tf.keep(tf.clone(current.variable)));
    try {
      for (const {current, average} of this.#entries) current.variable.assign(average);
      return f();
    } finally {
      this.#entries.forEach(({current}, i) => current.variable.assign(present[i]!));
      tf.dispose(present);
    }
  }

  /** The averages by the network's names, in PyTorch's layout. */
  async stateDict(): Promise<StateDict> {
    const state: StateDict = new Map();
    for (const {name, current, average} of this.#entries) {
      const {shape} = average;
      const data = toTorch((await average.data()) as Float32Array, shape, current.layout);
      state.set(name, {dtype: 'F32', shape: torchShape(shape, current.layout), data});
    }
    return state;
  }

  /** Takes over what `stateDict` gave; `images` is to be restored beside it. */
  loadStateDict(state: StateDict): void {
    for (const {name, current, average} of this.#entries) {
      const {shape} = average;
      const data = fromTorch(state.get(name)!.data as Float32Array, shape, current.layout);
      tf.tidy(() => average.assign(tf.tensor(data, shape, 'float32')));
    }
  }

  dispose(): void {
    for (const {average} of this.#entries) average.dispose();
  }
}
