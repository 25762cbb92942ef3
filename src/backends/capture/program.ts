/** What all ways of repeating a step share: its constants on the device, the work of the host, and when it cannot be repeated any more. */
import type {DataId, TypedArray} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from '../tf.js';
import {uncounted} from './changing.js';
import type {Backend, Places} from './kernels.js';
import type {Origin, Trace} from './trace.js';

type Constant = Extract<Origin, {kind: 'constant'}>;

/** Elements above which a constant is not kept on the device between steps. */
const keptElements = 4096;

export class Program {
  readonly trace: Trace;
  readonly backend: Backend = tf.backend();
  readonly #constants: Places;

  /** @param keepAll keep large constants, too */
  constructor(trace: Trace, keepAll = false) {
    this.trace = trace;
    this.#constants = trace.origins.map((origin) =>
      origin.kind === 'constant' && (keepAll || isSmall(origin)) ? this.#write(origin) : undefined,
    );
  }

  /** Whether what it uses from outside is still there. */
  get usable(): boolean {
    const known = tf.engine().state.tensorInfo;
    return (
      tf.backend() === this.backend &&
      this.trace.origins.every((origin) =>
        origin.kind === 'variable'
          ? !origin.variable.isDisposed
          : origin.kind !== 'outside' || known.has(origin.dataId),
      )
    );
  }

  /** Slots that `places` fills anew for each step. */
  isTransient(slot: number): boolean {
    const origin = this.trace.origins[slot]!;
    return origin.kind === 'changing' || (origin.kind === 'constant' && this.#constants[slot] === undefined);
  }

  /** Does the work of the host and says where the data is that a step begins with. */
  places(given: readonly Tensor[]): Places {
    const values = this.trace.host.map((does) => uncounted(does));
    return this.fixed().map((place, slot) => {
      const origin = this.trace.origins[slot]!;
      switch (origin.kind) {
        case 'given':
          return given[origin.index]!.dataId;
        case 'changing':
          return this.backend.write(values[origin.host]!, origin.shape, 'float32');
        case 'constant':
          return place ?? this.#write(origin);
        default:
          return place;
      }
    });
  }

  /** Where that is of it which no step brings along. */
  fixed(): Places {
    return this.trace.origins.map((origin, slot): DataId | undefined => {
      switch (origin.kind) {
        case 'variable':
          return origin.variable.dataId;
        case 'outside':
          return origin.dataId;
        case 'constant':
          return this.#constants[slot];
        default:
          return undefined;
      }
    });
  }

  #write({values, shape, dtype}: Constant): DataId {
    return this.backend.write(values.slice(), shape, dtype);
  }

  dispose(): void {
    for (const dataId of this.#constants) if (dataId !== undefined) this.backend.disposeData(dataId);
  }
}

const isSmall = ({values}: {values: TypedArray}): boolean => values.length <= keptElements;
