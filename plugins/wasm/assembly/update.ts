/**
 * Optimiser updates of a list of parameters, in one pass; rounded operation by operation as the composition
 * (src/backends/fused/update.ts of gan) is.
 */
import {Job} from './job';
import {parallel} from './parallel';
import {Pool} from './pool';
import {at, CHUNK, List} from './update-chunk';

/** `updates` describes `length` parameters, field by field, one after the other; `firstChunk` is filled in here. */
export function updateParameters(updates: usize, length: i32, pool: Pool): void {
  let chunks = 0;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const update = at(updates, i);
    update.firstChunk = chunks;
    chunks += (update.count + CHUNK - 1) / CHUNK;
    count += update.count;
  }
  const list = changetype<List>(pool.struct(0));
  list.updates = updates;
  list.length = length;
  parallel(pool, Job.Update, chunks, count < CHUNK);
}
