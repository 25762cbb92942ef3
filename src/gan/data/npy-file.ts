/** Alignment of the values in the file, bytes. */
const alignment = 64;

/**
 * Floats as the bytes of an array file of numpy, version 1.0
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
export function npyFile(data: Float32Array, shape: readonly number[]): Buffer {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
  const start = 10; // of the text
  const length = Math.ceil((start + text.length + 1) / alignment) * alignment;
  const file = Buffer.alloc(length + 4 * data.length, ' ');
  file.write('\x93NUMPY\x01\x00', 'latin1');
  file.writeUInt16LE(length - start, 8);
  file.write(text, start, 'latin1');
  file.write('\n', length - 1);
  for (let i = 0; i < data.length; i++) file.writeFloatLE(data[i]!, length + 4 * i);
  return file;
}
