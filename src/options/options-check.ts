import {GanError, type ErrorKind} from '../errors.js';
import {readSize, sidesOf} from './image-size.js';
import {didYouMean, nearestFirst} from './nearest.js';
import type {OptionSpec, OptionSpecs} from './options.js';

export type OptionValue = string | number | boolean | undefined;

/** A value before it is checked: text from the command line, anything from a file. */
export interface Given {
  value: unknown;
  /** Its origin, in words: `--lr`, `gan.config.json`, `recipe wgan`. */
  origin: string;
  /** The kind of error for a mistake in it: usage (exit 2) for a flag, configuration (exit 3) for everything else. */
  blame?: Extract<ErrorKind, 'usage' | 'config'>;
}

export type GivenMap = ReadonlyMap<string, Given>;

export interface Checked {
  /** Every option of the specification, defaults filled in. */
  values: Record<string, OptionValue>;
  /** The origin of each value; absent for defaults. */
  origins: Record<string, string>;
}

/**
 * Checks given values against a specification and fills in the defaults.
 * @param owner whose options these are, for messages: `switcher fixed`; empty for the run's own
 * @param label how a key is written by the user: `(key) => 'switcher.' + key`
 * @throws GanError GAN_CONFIG_UNKNOWN_KEY, GAN_CONFIG_VALUE
 */
export function checkOptions(
  owner: string,
  specs: OptionSpecs,
  given: GivenMap,
  label = (key: string) => key,
): Checked {
  for (const [key, {origin, blame = 'config'}] of given) {
    if (!Object.hasOwn(specs, key)) throw unknownKey(key, Object.keys(specs), {owner, origin, blame, label});
  }
  const values: Checked['values'] = {};
  const origins: Checked['origins'] = {};
  for (const [key, spec] of Object.entries(specs)) {
    const one = given.get(key);
    values[key] = one ? checkOption(label(key), spec, one) : spec.default;
    if (one) origins[key] = one.origin;
  }
  return {values, origins};
}

interface UnknownKeyFacts {
  owner: string;
  origin: string;
  blame: 'usage' | 'config';
  label: (key: string) => string;
}

/** The error for a key that nobody knows, with the nearest that somebody does. */
export function unknownKey(key: string, known: readonly string[], facts: UnknownKeyFacts): GanError {
  const {owner, origin, blame, label} = facts;
  const meant = didYouMean(key, known);
  const whose = owner === '' ? 'There is no option' : `The ${owner} has no option`;
  const list =
    known.length === 0 ? 'It has no options.' : `Options: ${nearestFirst(key, known).map(label).join(', ')}.`;
  return new GanError(blame, 'GAN_CONFIG_UNKNOWN_KEY', `${whose} '${label(key)}' (from ${origin}).`, {
    suggestions: [...(meant === undefined ? [] : [`Did you mean '${label(meant)}'?`]), list],
  });
}

/**
 * The value of one option, in the type that its specification names.
 * Text is read as the wanted type; `none` and null leave out an option that has no default.
 */
export function checkOption(name: string, spec: OptionSpec, {value, origin, blame = 'config'}: Given): OptionValue {
  const optional = spec.default === undefined;
  if (optional && (value === null || value === 'none')) return undefined;
  const read = readValue(spec, value);
  if (read !== undefined) return read;
  const wanted = describeSpec(spec) + (optional ? ", or 'none'" : '');
  const isNothing = typeof value === 'string' && nothings.includes(value.toLowerCase());
  const meant =
    optional && isNothing ? 'none' : spec.type === 'oneOf' ? didYouMean(String(value), spec.values) : undefined;
  throw new GanError(blame, 'GAN_CONFIG_VALUE', `${name} must be ${wanted}; ${origin} gives ${show(value)}.`, {
    suggestions: [
      ...(meant === undefined ? [] : [`Did you mean '${meant}'?`]),
      ...(spec.help === undefined ? [] : [`${name}: ${spec.help}.`]),
    ],
  });
}

/** Whether `checkOption` takes a value. */
export const isAccepted = (spec: OptionSpec, {value}: Given): boolean =>
  readValue(spec, value) !== undefined || (spec.default === undefined && (value === null || value === 'none'));

/** What other languages call none. */
const nothings: readonly string[] = ['none', 'null', 'nil', 'undefined', 'false', 'off'];

/** The value in the type of the specification; undefined when it does not fit. */
function readValue(spec: OptionSpec, value: unknown): OptionValue {
  switch (spec.type) {
    case 'int':
    case 'num': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
      if (spec.type === 'int' && !Number.isSafeInteger(number)) return undefined;
      return number >= (spec.min ?? -Infinity) && number <= (spec.max ?? Infinity) ? number : undefined;
    }
    case 'bool':
      if (value === 'true' || value === 'false') return value === 'true';
      return typeof value === 'boolean' ? value : undefined;
    case 'str':
      return typeof value === 'string' && value !== '' ? value : undefined;
    case 'oneOf':
      return typeof value === 'string' || typeof value === 'number'
        ? spec.values.find((v) => v === String(value))
        : undefined;
    case 'size': {
      const size = readSize(value);
      const {min = 1, max = Infinity} = spec;
      return size !== undefined && sidesOf(size).every((side) => side >= min && side <= max) ? size : undefined;
    }
  }
}

/** Describes the values of an option in words: `a whole number from 1 to 5`. */
export function describeSpec(spec: OptionSpec): string {
  switch (spec.type) {
    case 'int':
    case 'num': {
      const kind = spec.type === 'int' ? 'a whole number' : 'a number';
      if (spec.min !== undefined && spec.max !== undefined) return `${kind} from ${spec.min} to ${spec.max}`;
      if (spec.min !== undefined) return `${kind} of at least ${spec.min}`;
      return spec.max === undefined ? kind : `${kind} of at most ${spec.max}`;
    }
    case 'bool':
      return 'true or false';
    case 'str':
      return 'text';
    case 'oneOf':
      return `one of ${spec.values.join(', ')}`;
    case 'size': {
      const {min = 1, max} = spec;
      const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
      return `a whole number ${range}, or two, HEIGHTxWIDTH`;
    }
  }
}

/** Longest value in a message, in characters. */
const longest = 200;

/** A value from a file for a message: as JSON, cut where it is long; `nothing` where there is none. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string'
      ? `'${value}'`
      : typeof value === 'number'
        ? String(value) // JSON has no infinite ones
        : (JSON.stringify(value) ?? 'nothing'); // undefined, a function or a symbol
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}
