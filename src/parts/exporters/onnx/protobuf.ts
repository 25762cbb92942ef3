/**
 * The parts of the protobuf encoding that are needed (https://protobuf.dev/programming-guides/encoding): messages as
 * lists of fields, each with its number in the schema.
 */
export type Field = Uint8Array[];

const varint = 0;
const delimited = 2;
const fixed32 = 5;

const text = new TextEncoder();

function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value); // negative numbers are their 64-bit two's complement
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: number): Uint8Array => encodeVarint(BigInt((field << 3) | wire));

export const int = (field: number, value: number): Field => [tag(field, varint), encodeVarint(BigInt(value))];

export const ints = (field: number, values: readonly number[]): Field => values.flatMap((value) => int(field, value));

export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(field, fixed32), bytes];
}

export const bytes = (field: number, value: Uint8Array): Field => [
  tag(field, delimited),
  encodeVarint(BigInt(value.byteLength)),
  value,
];

export const string = (field: number, value: string): Field => bytes(field, text.encode(value));

export const strings = (field: number, values: readonly string[]): Field =>
  values.flatMap((value) => string(field, value));

/** A message within a message. */
export const message = (field: number, fields: readonly Field[]): Field => {
  const parts = fields.flat();
  return [tag(field, delimited), encodeVarint(BigInt(parts.reduce((sum, part) => sum + part.byteLength, 0))), ...parts];
};

export const encode = (fields: readonly Field[]): Uint8Array => Buffer.concat(fields.flat());
