import type {HostTensor} from './host-tensor.js';
import {recordSource} from './record-source.js';
import type {Records} from './records/types.js';

/** Side of a picture on a sheet, in pixels. */
const side = 64;
const white = 255;

/** At most `count` pictures from all over a set, whole, as bytes [n, 64, 64, 3]; broken ones are white. */
export async function contactSheet(records: Records, count: number): Promise<HostTensor> {
  const n = Math.min(count, records.size);
  const source = recordSource(records, {size: [side, side], channels: 3, resize: 'pad', padMode: 'border'});
  const data = new Uint8Array(n * side * side * 3);
  for (let i = 0; i < n; i++) {
    const picture = await Promise.resolve(source.read(Math.floor((i * records.size) / n))).catch(() => undefined);
    const [from, to] = [i * side * side * 3, (i + 1) * side * side * 3];
    if (picture) data.set(picture, from);
    else data.fill(white, from, to);
  }
  return {data, shape: [n, side, side, 3]};
}
