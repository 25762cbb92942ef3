import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';

/**
 * branch(x) + shortcut(x), or branch(x) + x without a shortcut (arXiv 1512.03385). Both give tensors of one shape. The
 * branch gets labels, where it takes them.
 */
export class Residual extends Module {
  static readonly repeatable = true;
  override readonly takesLabels: boolean;
  readonly #branch: Module;
  readonly #shortcut: Module | undefined;

  constructor(branch: Module, shortcut?: Module) {
    super();
    this.takesLabels = branch.takesLabels;
    this.#branch = this.add('branch', branch);
    this.#shortcut = shortcut && this.add('shortcut', shortcut);
  }

  override forward(x: Tensor, ...labels: Tensor[]): Tensor {
    const shortcut = this.#shortcut ? this.run('shortcut', this.#shortcut, x) : x;
    return tf.add(this.run('branch', this.#branch, x, ...labels), shortcut);
  }
}
