/**
 * Numbers of half the size: IEEE 754's binary16, with 11 significant bits and values up to 65504. Node has no array
 * type for them before version 24, and browsers are not sure to have one.
 */

/** The largest number of 16 bits. Larger ones become infinite. */
export const largestHalf = 65504;

/** Numbers as the bits of the nearest numbers of 16 bits; of two that are as near, the even one. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = halfOf(bits[i]!);
  return halves;
}

/** The numbers that such bits stand for; nothing is lost. */
export function fromFloat16(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = valueOf(halves[i]!);
  return values;
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to more than 65504
  if (magnitude >= 0x38800000) return sign | shifted(magnitude - 0x38000000, 13); // exponents from 15 - 127 to 15
  // below 2^-14 the steps are 2^-24: the significand, with the bit that is not written, moves down
  const exponent = magnitude >>> 23;
  return exponent < 102 ? sign : sign | shifted((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** Without the lowest `count` bits, rounded to the nearest, and from the middle to the even number. */
function shifted(bits: number, count: number): number {
  const [kept, rest, half] = [bits >>> count, bits & ((1 << count) - 1), 1 << (count - 1)];
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

function valueOf(half: number): number {
  const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >>> 10) & 31, half & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
