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

/** The rows of the pass that is being computed, of how many; undefined while this process trains alone. */
let rows: (Rows & {total: number}) | undefined;

/** Says which rows of its batch the step that follows computes. */
export function setRows(next: typeof rows): void {
  rows = next;
}

export const currentRows = (): typeof rows => rows;

/**
 * Random numbers for rows: those that this process would have drawn for them, had it drawn for all rows of the batch, so
 * that they do not depend on the number of processes.
 * @param count rows that numbers are for; where they are not the rows of this process, as many are drawn
 * @param draw numbers for that many rows
 */
export function drawRows(count: number, draw: (rows: number) => Float32Array): Float32Array {
  if (!rows || rows.count !== count || rows.count === rows.total) return draw(count);
  const all = draw(rows.total);
  const each = all.length / rows.total;
  return all.slice(rows.from * each, (rows.from + count) * each);
}
