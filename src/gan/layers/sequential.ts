import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {LeakyReLU, ReLU} from './activations.js';
import {BatchNorm} from './batch-norm.js';
import {Conv} from './conv.js';

/** One layer after the other; children are named 0, 1, 2, ... Those that take labels get them. */
export class Sequential extends Module {
  static readonly repeatable = true;
  override readonly takesLabels: boolean;

  constructor(layers: readonly Module[]) {
    super();
    this.takesLabels = layers.some((layer) => layer.takesLabels);
    layers.forEach((layer, i) => this.add(String(i), layer));
  }

  override forward(x: Tensor, ...labels: Tensor[]): Tensor {
    const layers = this.children();
    let value = x;
    for (let i = 0; i < layers.length; i++) {
      const [name, layer] = layers[i]!;
      // A batch norm, or in training the bias of a convolution, and the activation after it are one operation where the
      // backend has it.
      const joined = layer instanceof BatchNorm || (layer instanceof Conv && layer.training) ? layer : undefined;
      const slope = joined && slopeOf(layers[i + 1]?.[1]);
      value = this.run(
        name,
        slope === undefined ? layer : {forward: (input) => joined!.forwardActivated(input, slope)},
        value,
        ...(layer.takesLabels ? labels : []),
      );
      if (slope !== undefined) i++;
    }
    return value;
  }
}

/** What the activation multiplies negative numbers by; undefined for other modules. */
function slopeOf(module: Module | undefined): number | undefined {
  if (module instanceof LeakyReLU) return module.slope;
  return module instanceof ReLU ? 0 : undefined;
}

/** A layer of a `SequentialEx` that also sees what went into the block. */
export abstract class BlockLayer extends Module {
  abstract merge(x: Tensor, blockInput: Tensor): Tensor;

  override forward(x: Tensor): Tensor {
    return this.merge(x, x);
  }
}

/**
 * Concatenates the current value and the block's input, in that order, along the channels; or adds them (fastai's
 * MergeLayer).
 */
export class MergeLayer extends BlockLayer {
  static readonly repeatable = true;
  readonly dense: boolean;

  constructor(dense = false) {
    super();
    this.dense = dense;
  }

  override merge(x: Tensor, blockInput: Tensor): Tensor {
    return this.dense ? tf.concat([x, blockInput], -1) : tf.add(x, blockInput);
  }
}

/**
 * A sequence whose `BlockLayer`s see the block's input; children are named layers.0, layers.1, ... (fastai's
 * SequentialEx).
 */
export class SequentialEx extends Module {
  static readonly repeatable = true;
  readonly #layers: Sequential;

  constructor(...layers: Module[]) {
    super();
    this.#layers = this.add('layers', new Sequential(layers));
  }

  override forward(x: Tensor): Tensor {
    return this.#layers
      .children()
      .reduce(
        (value, [name, layer]) =>
          layer instanceof BlockLayer ? layer.merge(value, x) : this.run(`layers.${name}`, layer, value),
        x,
      );
  }
}
