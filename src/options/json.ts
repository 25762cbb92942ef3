/**
 * JSON from files that anybody may have written or damaged. A check takes a value and returns it in the type that it
 * was checked to have; what is not described is left out.
 */
import {createHash} from 'node:crypto';

/** What is wrong with a file: the message goes on after its name, as in `is no JSON`. */
export class JsonError extends Error {}

/**
 * @param at the path to the value: `position.step`; empty for the whole
 * @throws JsonError
 */
export type Check<T> = (value: unknown, at: string) => T;

/** Levels of objects and lists in each other. The deepest file of a run has about ten. */
const deepest = 100;

/** @throws JsonError when the text is no JSON, or nests deeper than 100 levels */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonError(text.trim() === '' ? 'is no JSON: it is empty' : `is no JSON (${(error as Error).message})`);
  }
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new JsonError(`nests deeper than ${deepest} levels`);
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return value;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (value: unknown, at: string, wanted: string): JsonError => {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  if (at === '') return new JsonError(`is no ${wanted.replace(/^an? /, '')}`);
  return new JsonError(`has ${shown.length > 60 ? `${shown.slice(0, 60)}...` : shown} at '${at}', not ${wanted}`);
};
const join = (at: string, key: string | number): string => (at === '' ? `${key}` : `${at}.${key}`);

/** A finite number: JSON has no others, but reads 1e999 as Infinity. */
export const number: Check<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(value, at, 'a number');
  return value;
};

/** A whole number of at least `min` that is exact. */
export const whole =
  (min = 0): Check<number> =>
  (value, at) => {
    if (!Number.isSafeInteger(value) || (value as number) < min) throw wrong(value, at, 'a whole number');
    return value as number;
  };

export const text: Check<string> = (value, at) => {
  if (typeof value !== 'string') throw wrong(value, at, 'text');
  return value;
};

export const boolean: Check<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw wrong(value, at, 'true or false');
  return value;
};

/** Any value, as it is. */
export const anything: Check<unknown> = (value, at) => {
  if (value === undefined) throw wrong(value, at, 'a value');
  return value;
};

export const oneOf =
  <const T extends string | number | null>(...values: readonly T[]): Check<T> =>
  (value, at) => {
    const found = values.find((each) => each === value);
    if (found === undefined) throw wrong(value, at, `one of ${values.join(', ')}`);
    return found;
  };

export const either =
  <T>(...checks: readonly Check<T>[]): Check<T> =>
  (value, at) => {
    for (const [i, check] of checks.entries()) {
      try {
        return check(value, at);
      } catch (error) {
        if (i === checks.length - 1) throw error;
      }
    }
    throw wrong(value, at, 'a value');
  };

export const list =
  <T>(check: Check<T>, length?: number): Check<T[]> =>
  (value, at) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      throw wrong(value, at, length === undefined ? 'a list' : `a list of ${length}`);
    return value.map((each, i) => check(each, join(at, i)));
  };

/** An object with any keys whose values are alike. */
export const record =
  <T>(check: Check<T>): Check<Record<string, T>> =>
  (value, at) => {
    if (!isRecord(value)) throw wrong(value, at, 'an object');
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== '__proto__') // no name of anything here, and dangerous in assignments
        .map(([key, each]) => [key, check(each, join(at, key))]),
    );
  };

/** Marks a key of `object` that may be missing. */
export interface Optional<T> {
  optional: Check<T>;
}
export const optional = <T>(check: Check<T>): Optional<T> => ({optional: check});

type Shape = Record<string, Check<unknown> | Optional<unknown>>;
type OptionalKeys<S extends Shape> = {[K in keyof S]: S[K] extends Optional<unknown> ? K : never}[keyof S];
type Flat<T> = {[K in keyof T]: T[K]};
type Shaped<S extends Shape> = Flat<
  {[K in Exclude<keyof S, OptionalKeys<S>>]: S[K] extends Check<infer T> ? T : never} & {
    [K in OptionalKeys<S>]?: S[K] extends Optional<infer T> ? T : never;
  }
>;

/** An object with these keys; others are left out. */
export const object =
  <S extends Shape>(shape: S): Check<Shaped<S>> =>
  (value, at) => {
    if (!isRecord(value)) throw wrong(value, at, 'an object');
    const found: [string, unknown][] = [];
    for (const [key, each] of Object.entries(shape)) {
      const given = Object.hasOwn(value, key) ? value[key] : undefined;
      if (typeof each === 'function') found.push([key, each(given, join(at, key))]);
      else if (given !== undefined) found.push([key, each.optional(given, join(at, key))]);
    }
    return Object.fromEntries(found) as Shaped<S>;
  };

const checksumKey = 'checksum';

/**
 * SHA-256 of the values of an object: of its JSON without white space, so that another layout of the file changes
 * nothing.
 */
const checksumOf = (values: object): string => createHash('sha256').update(JSON.stringify(values)).digest('hex');

/** The text of a JSON file whose last key, `checksum`, protects the others. */
export function withChecksum(values: object, indent?: number): string {
  return `${JSON.stringify({...values, [checksumKey]: checksumOf(values)}, null, indent)}\n`;
}

/**
 * The values without their checksum, which is right. Files that were written before there were checksums lack the key.
 * @throws JsonError when it is wrong
 */
export function withoutChecksum(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (!Object.hasOwn(value, checksumKey)) {
    const [key, last] = Object.entries(value).at(-1) ?? [];
    const isMisnamed = typeof last === 'string' && /^[\da-f]{64}$/.test(last) && key?.length === checksumKey.length;
    if (isMisnamed) throw new JsonError(`is not as gan wrote it: '${key}' stands in the place of '${checksumKey}'`);
    return value;
  }
  const {[checksumKey]: given, ...values} = value;
  if (given !== checksumOf(values)) throw new JsonError('is not as gan wrote it: its checksum is wrong');
  return values;
}
