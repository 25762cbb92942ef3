import {GanError} from '../errors.js';
import {show, unknownKey, type Given} from '../options/options-check.js';
import {isListKey, isMapKey, isSingleKey, partKeys, singleFacts, topLevelKeys} from '../options/config-keys.js';

/** One layer of configuration, flattened: `lr`, `arch`, `arch.nFeatures`, `source.count`, ... to unchecked values. */
export type Assignments = Map<string, Given>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Flattens an object from a file or a recipe. A part is its name, or `{name, ...options}`, or `{name, options: {...}}`
 * as in the config.json of a run folder; without a name the options go to the part chosen elsewhere.
 */
export function flatten(values: unknown, origin: string): Assignments {
  if (!isRecord(values)) {
    throw new GanError(
      'config',
      'GAN_CONFIG_INVALID',
      `${origin} must hold an object of options; it holds ${show(values)}.`,
    );
  }
  const out: Assignments = new Map();
  for (const [key, value] of Object.entries(values)) {
    if (key === '$schema') continue; // for editors
    checkTopLevel(key, origin);
    if (!partKeys.includes(key)) out.set(key, {value, origin});
    else if (isListKey(key)) flattenList(key, value, origin, out);
    else if (isMapKey(key)) flattenMap(key, value, origin, out);
    else if (isRecord(value)) flattenPart(key, value, origin, out);
    else if (value === null && isSingleKey(key) && singleFacts(key).optional) out.set(key, {value: 'none', origin});
    else if (typeof value === 'string' && key !== 'source') out.set(key, {value, origin});
    else throw badPart(key, value, origin);
  }
  return out;
}

/**
 * A list of parts, each as in `flattenPart`, or names as on the command line. An object is the only part, or, without a
 * name, options of the only part that is chosen elsewhere.
 */
function flattenList(key: string, value: unknown, origin: string, out: Assignments): void {
  if (isRecord(value)) {
    if (value['name'] === undefined) flattenPart(key, value, origin, out);
    else flattenList(key, [value], origin, out);
    return;
  }
  if (!Array.isArray(value)) {
    out.set(key, {value, origin});
    return;
  }
  const names = (value as unknown[]).map((part) => {
    if (!isRecord(part)) return part;
    const {name, options, ...inline} = part;
    if (typeof name !== 'string' || (options !== undefined && !isRecord(options))) throw badPart(key, value, origin);
    for (const [option, given] of Object.entries({...options, ...inline}))
      out.set(`${key}.${name}.${option}`, {value: given, origin});
    return name;
  });
  out.set(key, {value: names, origin});
}

/** Parts by names, each as in `flattenPart` or `null` for none; or a text as on the command line. */
function flattenMap(key: string, value: unknown, origin: string, out: Assignments): void {
  if (!isRecord(value)) {
    out.set(key, {value, origin});
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    const full = `${key}.${name}`;
    if (isRecord(part)) flattenPart(full, part, origin, out);
    else if (part === null || typeof part === 'string') out.set(full, {value: part ?? 'none', origin});
    else throw badPart(full, part, origin);
  }
}

function flattenPart(key: string, value: Record<string, unknown>, origin: string, out: Assignments): void {
  const {name, options, ...inline} = key === 'source' ? {...value, name: undefined, options: undefined} : value;
  if (name !== undefined) {
    if (typeof name !== 'string') throw badPart(key, value, origin);
    out.set(key, {value: name, origin});
  }
  if (options !== undefined && !isRecord(options)) throw badPart(key, value, origin);
  for (const [option, given] of Object.entries({...options, ...inline}))
    out.set(`${key}.${option}`, {value: given, origin});
}

/** Reads `key=value` texts of `--set`; later ones win. */
export function parseSet(texts: readonly string[]): Assignments {
  const out: Assignments = new Map();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new GanError('usage', 'GAN_USAGE', `--set needs key=value, but got '${text}'.`, {
        suggestions: ['For example: --set arch.nFeatures=32'],
      });
    }
    const key = text.slice(0, at);
    const [top, option] = splitKey(key);
    checkTopLevel(top, '--set');
    if (option !== undefined && !partKeys.includes(top)) {
      throw new GanError(
        'config',
        'GAN_CONFIG_UNKNOWN_KEY',
        `'${top}' is a plain value and has no option '${option}' (from --set).`,
      );
    }
    if (option === undefined && top === 'source') throw badPart(top, text.slice(at + 1), '--set');
    out.set(key, {value: text.slice(at + 1), origin: `--set ${key}`});
  }
  return out;
}

/** `arch.nFeatures` to its two halves; without a dot the second is undefined. */
export function splitKey(key: string): [string, string | undefined] {
  const at = key.indexOf('.');
  return at === -1 ? [key, undefined] : [key.slice(0, at), key.slice(at + 1)];
}

/** The options that a layer gives to one part, without the part's prefix. */
export function optionsOf(layer: ReadonlyMap<string, Given>, part: string): Assignments {
  const out: Assignments = new Map();
  for (const [key, given] of layer) {
    const [top, option] = splitKey(key);
    if (top === part && option !== undefined) out.set(option, given);
  }
  return out;
}

function checkTopLevel(key: string, origin: string): void {
  if (!topLevelKeys.includes(key))
    throw unknownKey(key, topLevelKeys, {owner: '', origin, blame: 'config', label: (k) => k});
}

function badPart(key: string, value: unknown, origin: string): GanError {
  const wanted = key === 'source' ? 'an object of options' : 'a name, or an object with a name and options';
  return new GanError('config', 'GAN_CONFIG_VALUE', `'${key}' must be ${wanted}; ${origin} gives ${show(value)}.`, {
    suggestions:
      key === 'source'
        ? ['For example: {"data": "builtin:shapes", "source": {"count": 1000}}']
        : [`For example: {"${key}": {"name": "..."}}`],
  });
}
