/** Which images of a batch a process computes where several train together. */

/** A process among several: the same as a `Collective` says. */
export interface Shard {
  rank: number;
  size: number;
}

/** Rows of a batch. */
export interface Rows {
  from: number;
  count: number;
  /** Weight of a mean over these rows in the mean over all. */
  share: number;
}

/**
 * The rows of `total` that a rank computes: as many for each as can be, none twice. Of fewer rows than ranks each rank
 * computes all, and they count as a part of each.
 */
export function rowsOfRank(total: number, {rank, size}: Shard): Rows {
  if (total < size) return {from: 0, count: total, share: 1 / size};
  const from = Math.floor((total * rank) / size);
  const count = Math.floor((total * (rank + 1)) / size) - from;
  return {from, count, share: count / total};
}

/**
 * The places in a batch of the images that a rank computes. Each pass of a step (`passesOver`) is divided among the
 * ranks, so that a pass has the same images whatever their number.
 * @param passSize images of a pass of all ranks, at most
 */
export function placesOfRank(total: number, passSize: number, shard: Shard): number[] {
  const places: number[] = [];
  for (let pass = 0; pass < total; pass += passSize) {
    const {from, count} = rowsOfRank(Math.min(passSize, total - pass), shard);
    for (let i = 0; i < count; i++) places.push(pass + from + i);
  }
  return places;
}

/** Of the rows of a pass, those that this process computes. */
export interface PassShare extends Rows {
  /** Rows that all processes compute in the pass. */
  total: number;
}

let rows: PassShare | undefined;

/** Says which rows the operations that follow are about; undefined: of all. */
export function setRows(next: PassShare | undefined): void {
  rows = next;
}

/** The rows of the pass that is being computed; undefined while this process trains alone. */
export const currentRows = (): PassShare | undefined => rows;

/**
 * Makes a function that draws random numbers for the rows of the pass that is being computed: those that this process
 * would have drawn for them, had it drawn for all rows, so that they do not depend on the number of processes. It can
 * be called in other steps, too, that have the same rows.
 * @param count rows that numbers are for; where they are not the rows of this process, as many are drawn
 * @param draw numbers for that many rows
 */
export function drawerOfRows(count: number, draw: (rows: number) => Float32Array): () => Float32Array {
  const own = rows;
  if (!own || own.count !== count || own.count === own.total) return () => draw(count);
  return () => {
    const all = draw(own.total);
    const each = all.length / own.total;
    return all.slice(own.from * each, (own.from + count) * each);
  };
}
