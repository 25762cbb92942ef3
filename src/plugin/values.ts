/** Values of plug-ins: what they are, asked without trusting them. */

/** The facts about a tensor that are asked for here; tfjs is not loaded for them. */
export interface TensorLike {
  rank: number;
  shape: number[];
  size: number;
  dtype: string;
  isDisposed: boolean;
}

export const isTensor = (value: unknown): value is TensorLike =>
  typeof value === 'object' && value !== null && 'dataId' in value && 'rankType' in value;

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === 'object' && value !== null && typeof (value as {then?: unknown}).then === 'function';
  } catch {
    return false;
  }
}

/** An object or a function with properties, and no array. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && !Array.isArray(value);

/** A value in a sentence, in few words: `the text 'x'`, `a tensor of shape [3, 3]`. Never throws. */
export function describeValue(value: unknown): string {
  try {
    return words(value);
  } catch {
    return 'an object that cannot be looked at';
  }
}

function words(value: unknown): string {
  if (typeof value === 'string') return `the text '${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`;
  if (typeof value === 'bigint') return `the BigInt ${value}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (isTensor(value)) {
    const {dtype, shape, isDisposed} = value;
    return `${isDisposed ? 'a disposed' : 'a'} ${dtype} tensor of shape [${shape.join(', ')}]`;
  }
  if (isPromise(value)) return 'a promise';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const {length} = value as Uint8Array;
    return `a ${value.constructor.name} of ${length}`;
  }
  if (Symbol.iterator in value) return 'an iterator';
  const keys = Object.keys(value);
  const shown = keys
    .slice(0, 4)
    .map(
      (key) =>
        `${key}: ${Array.isArray((value as Record<string, unknown>)[key]) ? 'an array' : plain((value as Record<string, unknown>)[key])}`,
    );
  return `an object {${shown.join(', ')}${keys.length > 4 ? ', ...' : ''}}`;
}

/** A value inside an object. */
const plain = (value: unknown): string =>
  typeof value === 'object' && value !== null && !isTensor(value) && !isPromise(value) ? 'an object' : words(value);
