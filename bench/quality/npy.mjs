// NumPy's .npy files, format 1.0 (numpy.lib.format): bytes or float32 in C order.
import {writeFileSync} from 'node:fs';

/** @param data Uint8Array or Float32Array */
export function writeNpy(path, data, shape) {
  const descr = data instanceof Uint8Array ? '|u1' : '<f4';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padded = `${text.padEnd(64 * Math.ceil((10 + text.length + 1) / 64) - 11)}\n`; // header and text end at a multiple of 64
  const header = Buffer.alloc(10 + padded.length);
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(padded.length, 8);
  header.write(padded, 10, 'latin1');
  writeFileSync(path, Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}
