import {GanError, isGanError, messageOf} from '../../errors.js';
import type {Rng} from '../rng.js';
import type {SkippedItem} from './types.js';

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
