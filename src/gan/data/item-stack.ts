import {GanError} from '../../errors.js';
import {elements} from './elements.js';
import type {HostData, HostTensor} from './types.js';

/** Puts items into one batch [count, ...shape] as they arrive; the first one decides between bytes and floats. */
export class ItemStack {
  readonly #itemLength: number;
  #data: HostData | undefined;

  constructor(
    readonly shape: readonly number[],
    readonly count: number,
  ) {
    this.#itemLength = elements(shape);
  }

  /** @throws GanError GAN_DATA_SHAPE when the item has another length, or another type than those before it */
  put(position: number, item: HostData, describe: () => string): void {
    checkLength(item, this.shape, describe);
    this.#data ??=
      item instanceof Uint8Array
        ? new Uint8Array(this.count * this.#itemLength)
        : new Float32Array(this.count * this.#itemLength);
    if (this.#data instanceof Uint8Array !== item instanceof Uint8Array) {
      throw new GanError(
        'data',
        'GAN_DATA_SHAPE',
        `${describe()} and other items of the same batch differ in type: some are bytes, some floats`,
        {
          suggestions: ['Let the data source return a Uint8Array for all items, or a Float32Array for all.'],
        },
      );
    }
    this.#data.set(item, position * this.#itemLength);
  }

  tensor(): HostTensor {
    return {data: this.#data ?? new Float32Array(0), shape: [this.count, ...this.shape]};
  }
}

/** Refuses data that cannot have the shape that its source promised. */
export function checkLength(data: HostData, shape: readonly number[], describe: () => string): void {
  if (data.length === elements(shape)) return;
  throw new GanError(
    'data',
    'GAN_DATA_SHAPE',
    `${describe()} has ${data.length} values; the shape [${shape.join(', ')}] needs ${elements(shape)}`,
    {
      suggestions: ["Correct the data source's `shape`, or what it returns."],
    },
  );
}
