import type {Batch, DataLoader, HostTensor} from './types.js';

/** The first images of epoch 0, at most `count`: [n, height, width, channels], as the loader gives them. */
export const firstImages = async (loader: DataLoader, count: number): Promise<HostTensor> =>
  (await firstBatches(loader, count)).images;

/** The same with their inputs, and their labels where there are such: as of `Batch`. */
export async function firstBatches(
  loader: DataLoader,
  count: number,
): Promise<{input: HostTensor; images: HostTensor; labels?: NonNullable<Batch['labels']>}> {
  const batches: Batch[] = [];
  let found = 0;
  for await (const batch of loader.epoch(0)) {
    batches.push(batch);
    found += batch.size;
    if (found >= count) break;
  }
  const n = Math.min(found, count);
  const first = <A extends Uint8Array | Float32Array | Int32Array>(parts: readonly A[]): A => joined(parts, n / found);
  const tensor = (parts: readonly HostTensor[]): HostTensor => ({
    data: first(parts.map(({data}) => data)),
    shape: [n, ...parts[0]!.shape.slice(1)],
  });
  return {
    input: tensor(batches.map(({input}) => input)),
    images: tensor(batches.map(({target}) => target)),
    ...(batches[0]!.labels && {labels: first(batches.map(({labels}) => labels!))}),
  };
}

/** The first part, of that share, of what arrays have together, in an array of the same type. */
function joined<A extends Uint8Array | Float32Array | Int32Array>(parts: readonly A[], share: number): A {
  const values = parts.reduce((sum, {length}) => sum + length, 0);
  const all = new (parts[0]!.constructor as new (length: number) => A)(Math.round(values * share));
  let at = 0;
  for (const part of parts) {
    all.set(part.subarray(0, all.length - at), at);
    at = Math.min(all.length, at + part.length);
  }
  return all;
}
