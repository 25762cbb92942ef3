import type {Batch, DataLoader, HostTensor} from './types.js';

/** The first images of epoch 0, at most `count`: [n, height, width, channels], as the loader gives them. */
export const firstImages = async (loader: DataLoader, count: number): Promise<HostTensor> =>
  (await firstBatches(loader, count)).images;

/** The same with their labels, where there are such: as of `Batch`. */
export async function firstBatches(
  loader: DataLoader,
  count: number,
): Promise<{images: HostTensor; labels?: NonNullable<Batch['labels']>}> {
  const batches: Batch[] = [];
  let found = 0;
  for await (const batch of loader.epoch(0)) {
    batches.push(batch);
    found += batch.size;
    if (found >= count) break;
  }
  const n = Math.min(found, count);
  const {target, labels} = batches[0]!;
  return {
    images: {
      data: joined(
        batches.map((batch) => batch.target.data),
        target.data,
        found,
        n,
      ),
      shape: [n, ...target.shape.slice(1)],
    },
    ...(labels && {
      labels: joined(
        batches.map((batch) => batch.labels!),
        labels,
        found,
        n,
      ),
    }),
  };
}

/** The first `n` of `found` items that arrays have together, in an array of the type of `like`. */
function joined<A extends Uint8Array | Float32Array | Int32Array>(
  parts: readonly A[],
  like: A,
  found: number,
  n: number,
): A {
  const values = parts.reduce((sum, {length}) => sum + length, 0);
  const all = new (like.constructor as new (length: number) => A)((values / found) * n);
  let at = 0;
  for (const part of parts) {
    all.set(part.subarray(0, all.length - at), at);
    at = Math.min(all.length, at + part.length);
  }
  return all;
}
