import {GanError} from '../errors.js';
import {configKeys, flagOf, type MapKey} from '../options/config-keys.js';
import {show, unknownKey, type Given, type GivenMap} from '../options/options-check.js';
import type {PartChoice} from '../options/run-config.js';
import type {Registry} from '../plugin/registry.js';
import {optionsOf, type Assignments} from './assignments.js';
import {checkPart} from './check-part.js';
import type {Layers} from './layers.js';

export interface ChosenMap {
  key: MapKey;
  choices: Record<string, PartChoice>;
  origins: Record<string, string>;
}

/** The part that a name has, before its options are checked. */
interface Entry {
  part: Given;
  options: Assignments;
}

/**
 * The parts that a map key gives to names. A stronger layer adds to those of weaker ones and replaces them name by
 * name; `none` takes one away. A text for the whole key replaces them all.
 */
export async function chooseMap(registry: Registry, key: MapKey, layers: Layers): Promise<ChosenMap> {
  const {kind, options: more} = configKeys[key];
  const entries = new Map<string, Entry>();
  let whole: Given | undefined;
  for (const layer of layers) {
    const text = layer.get(key);
    if (text) {
      whole = text;
      entries.clear();
      for (const [name, part] of namesOf(key, text)) choose(entries, name, part);
    }
    addLayer(key, entries, optionsOf(layer, key));
  }
  const chosen: ChosenMap = {key, choices: {}, origins: {}};
  for (const [name, {part, options}] of entries) {
    const [label, {origin}] = [`${key}.${name}`, part];
    const checked = await checkPart(registry, kind, String(part.value), options, {label, origin, more});
    chosen.choices[name] = {name: checked.name, options: checked.values};
    chosen.origins[label] = origin;
    for (const [option, from] of Object.entries(checked.origins)) chosen.origins[`${label}.${option}`] = from;
  }
  if (entries.size === 0) chosen.origins[key] = whole?.origin ?? 'default';
  return chosen;
}

/**
 * Takes in `NAME` and `NAME.OPTION` of one layer. Names may contain dots: what begins with a name that has a part is an
 * option of that part, everything else is a name, unless its value cannot be that of a part.
 */
function addLayer(key: MapKey, entries: Map<string, Entry>, given: GivenMap): void {
  for (const [path, one] of [...given].sort(([a], [b]) => dots(a) - dots(b))) {
    const owner = [...entries.keys()]
      .filter((name) => path.startsWith(`${name}.`))
      .sort((a, b) => dots(b) - dots(a))[0];
    if (owner !== undefined) entries.get(owner)!.options.set(path.slice(owner.length + 1), one);
    else if (mayBePart(one.value)) choose(entries, path, one);
    else throw withoutPart(key, path, [...entries.keys()], one);
  }
}

function choose(entries: Map<string, Entry>, name: string, part: Given): void {
  if (part.value === 'none') entries.delete(name);
  else if (entries.get(name)?.part.value !== part.value) entries.set(name, {part, options: new Map()});
  else entries.get(name)!.part = part;
}

const dots = (path: string): number => path.split('.').length;

/** Numbers and truth values are values of options; no part is called like one. */
const mayBePart = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && Number.isNaN(Number(value)) && !/^(true|false)$/.test(value);

function withoutPart(key: MapKey, path: string, names: readonly string[], {origin, blame = 'config'}: Given): GanError {
  const name = path.slice(0, Math.max(0, path.lastIndexOf('.')));
  if (name === '')
    return new GanError(blame, 'GAN_CONFIG_VALUE', `'${key}.${path}' (from ${origin}) must be ${noun(key)} by name.`, {
      suggestions: [example(key)],
    });
  return unknownKey(name, names, {owner: `map of ${key}`, origin, blame, label: (each) => `${key}.${each}`});
}

/** `mom=cosine,critic.lr=linear`; `none` and an empty object for no part. */
function namesOf(key: MapKey, {value, origin, blame = 'config'}: Given): [name: string, part: Given][] {
  if (value === null || value === 'none' || isEmpty(value)) return [];
  const pairs =
    typeof value === 'string' ? value.split(',').map((pair) => pair.split('=').map((each) => each.trim())) : [];
  const isFine = pairs.every((pair) => pair.length === 2 && pair.every((each) => each !== ''));
  if (pairs.length === 0 || !isFine || new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw new GanError(
      blame,
      'GAN_CONFIG_VALUE',
      `${key} must give ${configKeys[key].kind}s to names, each name once; ${origin} gives ${show(value)}.`,
      {suggestions: [example(key), `none: --${flagOf(key)} none`]},
    );
  return pairs.map(([name, part]) => [name!, {value: part, origin, blame}]);
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

const noun = (key: MapKey): string => `a ${configKeys[key].kind}`;
const example = (key: MapKey): string => `For example: --${flagOf(key)} mom=cosine --set ${key}.mom.endValue=0.9`;
