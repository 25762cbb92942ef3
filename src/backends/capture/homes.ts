import type {DataId} from '@tensorflow/tfjs-core';
import type {DeviceCapture} from '../device.js';
import type {Variable} from '../tf.js';
import type {Backend} from './kernels.js';

/** Where variables lie while a device repeats steps at fixed addresses: every step reads them there and writes them there. */
export class Homes {
  readonly #backend: Backend;
  readonly #capture: DeviceCapture;
  readonly #homes = new Map<Variable, DataId>();

  constructor(backend: Backend, capture: DeviceCapture) {
    this.#backend = backend;
    this.#capture = capture;
  }

  /** A variable's home: where it lies when it is first asked for. */
  of(variable: Variable): DataId {
    let home = this.#homes.get(variable);
    if (home === undefined) {
      home = variable.dataId;
      this.#backend.incRef(home);
      this.#homes.set(variable, home);
    }
    return home;
  }

  /** Whether nobody but the variable sees its home: a clone of it must not change with it. */
  isFree(variable: Variable): boolean {
    const home = this.of(variable);
    return this.#backend.refCount(home) === (variable.dataId === home ? 2 : 1);
  }

  /** Takes a variable that was given another value elsewhere back to its home. */
  bring(variable: Variable): void {
    const home = this.of(variable);
    if (variable.dataId === home) return;
    const {shape, dtype} = variable;
    this.#capture.copy(variable, {dataId: home, shape, dtype});
    variable.assign({dataId: home, shape, dtype} as Variable);
  }

  dispose(): void {
    for (const home of this.#homes.values()) this.#backend.disposeData(home);
    this.#homes.clear();
  }
}
