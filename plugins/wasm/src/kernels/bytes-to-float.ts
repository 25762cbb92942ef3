import {kernel} from '../kernel.js';

interface Attrs {
  bytes: Uint8Array;
  shape: number[];
  table: Float32Array;
}

/** Pixel bytes as numbers from a table (see src/backends/fused/bytes.ts of gan). */
export const bytesToFloat = kernel<Record<never, unknown>, Attrs>(
  'BytesToFloat',
  (_inputs, {bytes, shape, table}, {heap}) => {
    const out = heap.output(shape);
    const channels = table.length / 256;
    const tableAddress = heap.buffer(table.byteLength + bytes.length);
    const bytesAddress = tableAddress + table.byteLength;
    heap.write(tableAddress, new Uint8Array(table.buffer, table.byteOffset, table.byteLength));
    heap.write(bytesAddress, bytes);
    heap.native.bytesToFloat(bytesAddress, tableAddress, heap.address(out), bytes.length / channels, channels);
    return out;
  },
);
