/** The values in the pages of a column (https://parquet.apache.org/docs/file-format/data-pages/encodings). */

/** A value of a column; undefined: null. */
export type Value = Uint8Array | number | undefined;

/** Numbers of Parquet's physical types. */
export const physical = {boolean: 0, int32: 1, int64: 2, bytes: 6} as const;

/**
 * Numbers in runs and packed bits.
 * @throws RangeError when there are not as many
 */
export function hybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  if (width === 0) return values;
  if (width > 32) throw new RangeError(`its numbers have ${width} bits`);
  const at = {position: 0};
  for (let done = 0; done < count;) {
    const head = varint(bytes, at);
    const left = count - done;
    if (head % 2 === 1) {
      const groups = Math.min((head - 1) / 2, Math.ceil(left / 8));
      unpack(bytes, at.position, width, values.subarray(done, done + groups * 8));
      at.position += ((head - 1) / 2) * width;
      done += groups * 8;
      if (groups === 0) throw new RangeError('it has an empty run');
    } else {
      const run = Math.min(head / 2, left);
      let value = 0;
      for (let i = 0; i < Math.ceil(width / 8); i++) value += byteAt(bytes, at.position++) * 2 ** (8 * i);
      values.fill(value, done, done + run);
      done += run;
      if (run === 0) throw new RangeError('it has an empty run');
    }
  }
  return values;
}

function varint(bytes: Uint8Array, at: {position: number}): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 42; scale *= 128) {
    const byte = byteAt(bytes, at.position++);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new RangeError('it has a number without end');
}

const byteAt = (bytes: Uint8Array, position: number): number => {
  const byte = bytes[position];
  if (byte === undefined) throw new RangeError('a page of it ends too early');
  return byte;
};

/** Numbers of `width` bits, the lowest first. */
function unpack(bytes: Uint8Array, start: number, width: number, into: Uint32Array): void {
  for (let i = 0; i < into.length; i++) {
    let value = 0;
    for (let bit = 0; bit < width;) {
      const position = i * width + bit;
      const [from, taken] = [position % 8, Math.min(8 - (position % 8), width - bit)];
      value += ((byteAt(bytes, start + Math.floor(position / 8)) >> from) & ((1 << taken) - 1)) * 2 ** bit;
      bit += taken;
    }
    into[i] = value;
  }
}

/**
 * Values one after the other.
 * @throws RangeError when there are not as many; Error for a type that is not read
 */
export function plain(bytes: Uint8Array, type: number, count: number): Value[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = type === physical.boolean ? 1 / 8 : type === physical.int64 ? 8 : 4;
  if (count * size > bytes.length) throw new RangeError('a page of it ends too early');
  if (type === physical.int32) return Array.from({length: count}, (_, i) => view.getInt32(4 * i, true));
  if (type === physical.int64) return Array.from({length: count}, (_, i) => Number(view.getBigInt64(8 * i, true)));
  if (type === physical.boolean) return Array.from({length: count}, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
  if (type !== physical.bytes) throw new Error('it has numbers that are no whole ones');
  const values: Uint8Array[] = [];
  for (let at = 0; values.length < count;) {
    if (at + 4 > bytes.length) throw new RangeError('a page of it ends too early');
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length)
      throw new RangeError(`it has a value of ${end - at - 4} bytes in a page of ${bytes.length}`);
    values.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return values;
}
