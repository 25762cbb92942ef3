/**
 * Readers of the values of a recording. A reader refuses what it does not know, so that nothing is left out in silence.
 */
import {GanError} from '../../errors.js';

/** Returns the value as what it must be. `where` is the file and the key, for the message. */
export type Reader<T> = (value: unknown, where: string) => T;
export type ReadBy<R> = R extends Reader<infer T> ? T : never;
export type Readers = Record<string, Reader<unknown>>;
type Fields<R extends Readers> = {[K in keyof R]: ReadBy<R[K]>};

export function refuse(where: string, problem: string): never {
  throw new GanError('data', 'GAN_GOLDEN', `${where}: ${problem}`);
}

function simple<T>(wanted: string, is: (value: unknown) => boolean): Reader<T> {
  return (value, where) =>
    is(value) ? (value as T) : refuse(where, `${JSON.stringify(value) ?? 'nothing'}, wanted ${wanted}`);
}

export const number = simple<number>('a number', Number.isFinite);
export const whole = simple<number>(
  'a whole number >= 0',
  (value) => Number.isInteger(value) && (value as number) >= 0,
);
export const text = simple<string>('a text', (value) => typeof value === 'string');
export const flag = simple<boolean>('true or false', (value) => typeof value === 'boolean');
export const pair = simple<[number, number]>(
  'two numbers',
  (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite),
);

/** A result of the recorded run. It is compared with what comes out here, so that a wrong one shows there. */
export const result = <T>(): Reader<T> => simple<T>('what was recorded', (value) => value !== undefined);

export const oneOf = <const T extends string>(...values: T[]): Reader<T> =>
  simple(`one of ${values.join(', ')}`, (value) => (values as unknown[]).includes(value));

export const orNull =
  <T>(reader: Reader<T>): Reader<T | null> =>
  (value, where) =>
    value === null ? null : reader(value, where);

export const optional =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (value, where) =>
    value === undefined ? undefined : reader(value, where);

/** An object of these keys. Any other key is refused by its name. */
export function fields<R extends Readers>(readers: R): Reader<Fields<R>> {
  return (value, where) => {
    const given = objectOf(value, where);
    for (const key of Object.keys(given))
      if (!Object.hasOwn(readers, key))
        refuse(where, `unknown key '${key}'; known: ${Object.keys(readers).join(', ')}`);
    return Object.fromEntries(
      Object.entries(readers).map(([key, reader]) => [key, reader(given[key], `${where}, ${key}`)]),
    ) as Fields<R>;
  };
}

/** An object whose key `tag` says which other keys it has. */
export function tagged<Tag extends string, R extends Record<string, Readers>>(
  tag: Tag,
  kinds: R,
): Reader<{[K in keyof R]: {[T in Tag]: K} & Fields<R[K]>}[keyof R]> {
  const names = Object.keys(kinds);
  return (value, where) => {
    const kind = oneOf(...names)(objectOf(value, where)[tag], `${where}, ${tag}`);
    return fields({[tag]: text, ...kinds[kind]})(value, where) as never;
  };
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'wanted an object');
  return value as Record<string, unknown>;
}

/** Removes undefined keys, so that their defaults apply. */
export function defined<T extends object>(values: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
