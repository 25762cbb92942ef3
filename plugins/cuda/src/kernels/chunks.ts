/** CHUNK of kernels/chunks.cuh. */
const chunk = 4096;

/** What a launch takes of a list of arrays, and how many blocks that are: one for each chunk of one of them. */
export interface Launchable<Item> {
  items: Item[];
  /** Chunks of the items before each of them. */
  firstChunks: number[];
  chunks: number;
}

/** A list in launches of at most `most` items. */
export function launchesOf<Item extends {count: number}>(list: readonly Item[], most: number): Launchable<Item>[] {
  return Array.from({length: Math.ceil(list.length / most)}, (_, n) => {
    const items = list.slice(n * most, (n + 1) * most);
    let chunks = 0;
    const firstChunks = items.map(({count}) => {
      const before = chunks;
      chunks += Math.ceil(count / chunk);
      return before;
    });
    return {items, firstChunks, chunks};
  });
}
