import {endianness} from 'node:os';

const isHostLittle = endianness() === 'LE';

/** Numbers of 16 bits from bytes, wherever these lie in memory. @param little the byte that counts less comes first */
export function shorts(bytes: Uint8Array, little = true): Uint16Array {
  const own = bytes.slice(); // at an even place
  if (little !== isHostLittle) Buffer.from(own.buffer).swap16();
  return new Uint16Array(own.buffer);
}

/** The bytes of numbers of 16 bits, the one that counts less first. */
export function bytesOfShorts(values: Uint16Array): Uint8Array {
  const own = values.slice();
  const bytes = new Uint8Array(own.buffer);
  if (!isHostLittle) Buffer.from(own.buffer).swap16();
  return bytes;
}
