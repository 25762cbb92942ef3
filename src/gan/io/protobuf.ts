/**
 * The parts of Protocol Buffers' wire format that event files need: https://protobuf.dev/programming-guides/encoding
 */
const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const wireTypes = {varint: 0, fixed64: 1, bytes: 2, fixed32: 5} as const;

/** A message of fields in this order. */
export const message = (...fields: readonly Uint8Array[]): Uint8Array => concat(fields);

/** int32, int64, bool and enum fields. @param value whole, 0 to 2^53 - 1 */
export const varintField = (field: number, value: number): Uint8Array => concat([key(field, 'varint'), varint(value)]);
export const doubleField = (field: number, value: number): Uint8Array =>
  concat([key(field, 'fixed64'), new Uint8Array(Float64Array.of(value).buffer)]);
export const floatField = (field: number, value: number): Uint8Array =>
  concat([key(field, 'fixed32'), new Uint8Array(Float32Array.of(value).buffer)]);
/** bytes, string and message fields. */
export const bytesField = (field: number, value: Uint8Array | string): Uint8Array => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return concat([key(field, 'bytes'), varint(bytes.length), bytes]);
};
/** A repeated double, packed. */
export const doublesField = (field: number, values: readonly number[]): Uint8Array =>
  bytesField(field, new Uint8Array(Float64Array.from(values).buffer));

const key = (field: number, type: keyof typeof wireTypes): Uint8Array => varint(field * 8 + wireTypes[type]);

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}

/**
 * The fields of a message: numbers of varint fields, the bytes of all others.
 * @throws RangeError for what is no message
 */
export function readFields(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  for (let at = 0; at < bytes.length;) {
    const take = (length: number): Uint8Array => {
      if (at + length > bytes.length) throw new RangeError('a message is cut short');
      return bytes.subarray(at, (at += length));
    };
    const number = (): number => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const [byte = 0] = take(1);
        value += (byte % 128) * factor;
        if (byte < 128) return value;
      }
    };
    const start = number();
    const type = start % 8;
    const read = {
      [wireTypes.varint]: number,
      [wireTypes.fixed64]: () => take(8),
      [wireTypes.bytes]: () => take(number()),
      [wireTypes.fixed32]: () => take(4),
    }[type];
    if (!read) throw new RangeError(`unknown wire type of a message: ${type}`);
    fields.push([Math.floor(start / 8), read()]);
  }
  return fields;
}
