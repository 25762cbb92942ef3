import {createHash} from 'node:crypto';
import type {StateDict} from '../module.js';

/**
 * SHA-256, in hexadecimal, of weights: of each tensor in the order of their names (UTF-16), `NAME [SHAPE]`, a line feed
 * and the bytes, little-endian. The same weights have the same fingerprint, however their file is laid out.
 */
export function sha256OfState(state: StateDict): string {
  const hash = createHash('sha256');
  for (const name of [...state.keys()].sort()) {
    const {shape, data} = state.get(name)!;
    hash.update(`${name} [${shape.join(', ')}]\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
