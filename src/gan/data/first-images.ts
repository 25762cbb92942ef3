import type {DataLoader, HostTensor} from './types.js';

/** The first images of epoch 0, at most `count`: [n, height, width, channels], as the loader gives them. */
export async function firstImages(loader: DataLoader, count: number): Promise<HostTensor> {
  const parts: HostTensor[] = [];
  let found = 0;
  for await (const {target, size} of loader.epoch(0)) {
    parts.push(target);
    found += size;
    if (found >= count) break;
  }
  const [{data, shape}] = parts as [HostTensor];
  const n = Math.min(found, count);
  const item = data.length / shape[0]!;
  const all = data instanceof Uint8Array ? new Uint8Array(n * item) : new Float32Array(n * item);
  let at = 0;
  for (const part of parts) {
    all.set(part.data.subarray(0, all.length - at), at);
    at = Math.min(all.length, at + part.data.length);
  }
  return {data: all, shape: [n, ...shape.slice(1)]};
}
