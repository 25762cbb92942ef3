/** The items of a source on their way into a batch: read, replaced where they cannot be read, stacked. */
import {GanError, isGanError, messageOf} from '../../errors.js';
import type {Rng} from '../rng.js';
import type {FiniteSource, HostData, HostTensor, SkippedItem} from './types.js';

/** What to call an item of a source: its own name for it, or its number. */
export const describeItem = (source: FiniteSource, index: number): string =>
  source.describe?.(index) ?? `item ${index}`;

/** Items whose values are doubtful are named one by one, up to this many. */
const mostDoubtful = 10;

/** What is to be told of single items, by their names: once of each, and of ten at most. */
export function warningOfItems(
  warn: (message: string) => void = () => {},
): (name: string) => (message: string) => void {
  const told = new Set<string>();
  return (name) => (message) => {
    if (told.has(name) || told.size > mostDoubtful) return;
    told.add(name);
    warn(told.size > mostDoubtful ? 'more files have such values' : `${name}: ${message}`);
  };
}

/** When this many random items in a row are unreadable, all of the data counts as broken. */
const maxDraws = 100;

/** How a reader gets at the items. */
export interface Items<T> {
  /** The items to choose from. */
  indices: ArrayLike<number>;
  read(index: number): Promise<T>;
  describe(index: number): string;
  warn(message: string): void;
}

/**
 * Reads items and replaces those that cannot be read. Each of these is warned about once and remembered.
 *
 * A replacement is drawn from all items, known to be broken or not, until one is good: so the result depends on the
 * random stream only, not on which broken items happened to be met before.
 */
export class ItemReader<T> {
  readonly #items: Items<T>;
  readonly #broken = new Map<number, SkippedItem>();

  constructor(items: Items<T>) {
    this.#items = items;
  }

  skipped(): SkippedItem[] {
    return [...this.#broken.values()];
  }

  /**
   * @param replacements gives the random stream to draw replacements from; called only if one is needed
   * @param stopped true: nobody wants the item any more
   * @returns the item or its replacement; undefined when stopped
   * @throws GanError GAN_DATA_BROKEN when no readable item is found; whatever GanError the source raises
   */
  async read(index: number, replacements: () => Rng, stopped: () => boolean): Promise<T | undefined> {
    const {indices} = this.#items;
    let item = await this.#try(index);
    if (item !== undefined) return item;
    const rng = replacements();
    for (let draw = 0; draw < maxDraws && this.#broken.size < indices.length; draw++) {
      if (stopped()) return undefined;
      item = await this.#try(indices[rng.int(indices.length)]!);
      if (item !== undefined) return item;
    }
    throw this.#allBroken();
  }

  async #try(index: number): Promise<T | undefined> {
    if (this.#broken.has(index)) return undefined;
    try {
      return await this.#items.read(index);
    } catch (error) {
      if (isGanError(error)) throw error;
      if (!this.#broken.has(index)) this.#remember(index, error);
      return undefined;
    }
  }

  #remember(index: number, error: unknown): void {
    const message = messageOf(error);
    const [reason = ''] = message.trim().split('\n');
    const path = this.#items.describe(index);
    this.#broken.set(index, {path, reason});
    this.#items.warn(`cannot read ${path}: ${reason}; another item replaces it`);
  }

  #allBroken(): GanError {
    const [example] = this.#broken.values();
    const found = `${this.#broken.size} of ${this.#items.indices.length} items cannot be read, and no readable item was found to replace them`;
    return new GanError('data', 'GAN_DATA_BROKEN', `${found}; for example ${example?.path}: ${example?.reason}`, {
      suggestions: [
        'Check that the files are complete images, readable by this user, and that their disk is still there.',
      ],
    });
  }
}

/** Number of elements of a shape. */
export const elements = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

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
