import {long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf} from './kernel.js';
import {source} from './source.js';

const variant = source('bytes');

interface Attrs {
  bytes: Uint8Array;
  shape: number[];
  table: Float32Array;
}

/** Images as they were decoded become float32 on the device (see src/backends/fused/bytes.ts of gan). */
export const bytesToFloat = kernel<object, Attrs>('BytesToFloat', (_inputs, {bytes, shape, table}, {gpu}) => {
  const y = result(gpu, shape, 'float32');
  const count = sizeOf(shape);
  const addresses = [gpu.send(bytes), gpu.constant(table)].map((address) => pointer({address}));
  forEach(gpu, variant, 'bytesToFloat', count, [...addresses, pointer(y), long(count), long(shape.at(-1) ?? 1)], 4);
  return y.info;
});
