import type {Callback} from '../../gan/callback.js';
import type {SkippedItem} from '../../gan/data/types.js';
import type {Ranks} from './ranks.js';

/** What a rank tells of at a time, at most: all ranks get it. */
const most = 100;

/** What a rank has not told of yet. */
interface News {
  said: readonly string[];
  items: readonly SkippedItem[];
  hasMore: boolean;
}

/**
 * What the ranks have to say of their images. Each sees its own only, and those but the first print nothing: so when an
 * epoch has ended, rank 0 warns of what it has not met itself.
 */
export class Remarks {
  readonly #ranks: Ranks;
  readonly #warn: (message: string) => void;
  /** Of this rank; of rank 0 those of the others, too. */
  readonly #said = new Set<string>();
  readonly #skipped = new Map<string, SkippedItem>();

  /** @param warn prints a warning, in rank 0 */
  constructor(ranks: Ranks, warn: (message: string) => void) {
    this.#ranks = ranks;
    this.#warn = warn;
  }

  readonly warn = (message: string): void => this.#say(message, message);

  #say(message: string, told: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#warn(told);
  }

  /** @param skipped what this rank could not read so far */
  exchange(skipped: () => readonly SkippedItem[]): Callback {
    let saidBefore = 0;
    const toldOf = new Set<string>();
    const news = (): News => {
      const said = [...this.#said].slice(saidBefore, saidBefore + most);
      const untold = skipped().filter(({path}) => !toldOf.has(path));
      const items = untold.slice(0, most);
      saidBefore += said.length;
      for (const {path} of items) toldOf.add(path);
      return {said, items, hasMore: saidBefore < this.#said.size || items.length < untold.length};
    };
    return {
      name: 'remarks-of-ranks',
      afterEpoch: async () => {
        const {isFirst, collective} = this.#ranks;
        const nothing: News = {said: [], items: [], hasMore: false};
        let all: News[];
        do {
          all = await this.#ranks.fromAll(isFirst ? nothing : news());
          if (!isFirst) continue;
          for (const [rank, {said, items}] of all.entries()) {
            for (const message of said) this.#say(message, `rank ${rank} on ${collective.hosts[rank]}: ${message}`);
            for (const item of items) this.#skipped.set(item.path, item);
          }
        } while (all.some(({hasMore}) => hasMore));
      },
    };
  }

  /** What rank 0 and the others could not read, each once. @param own of rank 0 */
  allSkipped(own: readonly SkippedItem[]): SkippedItem[] {
    const all = [...this.#skipped.values(), ...own].map((item) => [item.path, item] as const);
    return [...new Map(all).values()];
  }
}
