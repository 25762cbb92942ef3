import {GanError} from '../errors.js';
import type {PartChoice} from '../options/run-config.js';
import {isRecord} from '../options/json.js';
import {didYouMean} from '../options/nearest.js';
import {show, type Given, type GivenMap} from '../options/options-check.js';
import type {Registry} from '../plugin/registry.js';
import type {Assignments} from './assignments.js';
import {checkPart} from './check-part.js';
import {configKeys, flagOf, type ListKey} from '../options/config-keys.js';

export interface ChosenList {
  key: ListKey;
  choices: PartChoice[];
  origins: Record<string, string>;
}

/**
 * The parts that a list key names, in their order. The strongest layer's list counts; options, `KEY.NAME.OPTION`, of
 * weaker layers stay with the parts that are still in it. `KEY.OPTION` is of the only part that the list has then.
 * @param layers options of this key by `NAME.OPTION`, and the list itself, from weakest to strongest
 */
export async function chooseList(
  registry: Registry,
  key: ListKey,
  layers: readonly {list: Given | undefined; options: Assignments}[],
): Promise<ChosenList> {
  let list: Given | undefined;
  let options: Assignments = new Map();
  for (const layer of layers) {
    list = layer.list ?? list;
    const names = list ? namesOf(key, list) : [];
    const kept = layer.list ? [...options].filter(([option]) => names.includes(partOf(option))) : [...options];
    for (const [option, given] of layer.options) assertFlat(key, option, given);
    const own = [...layer.options].map(([option, given]) => [withPart(option, names), given] as const);
    options = new Map([...kept, ...own]);
  }
  const names = list ? namesOf(key, list) : [];
  for (const [option, {origin, blame = 'config'}] of options) {
    if (!names.includes(partOf(option))) throw notInList(registry, {key, option, names, origin, blame});
  }
  const chosen: ChosenList = {key, choices: [], origins: {[key]: list?.origin ?? 'default'}};
  for (const name of names) {
    const label = `${key}.${name}`;
    const own: GivenMap = new Map(
      [...options]
        .filter(([option]) => partOf(option) === name)
        .map(([option, given]) => [option.slice(name.length + 1), given]),
    );
    const {
      name: full,
      values,
      origins,
    } = await checkPart(registry, configKeys[key].kind, name, own, {label, origin: list?.origin});
    chosen.choices.push({name: full, options: values});
    for (const [option, origin] of Object.entries(origins)) chosen.origins[`${label}.${option}`] = origin;
  }
  return chosen;
}

interface Misplaced {
  key: ListKey;
  /** `NAME.OPTION`, or `OPTION` alone. */
  option: string;
  names: readonly string[];
  origin: string;
  blame: 'usage' | 'config';
}

function notInList(registry: Registry, {key, option, names, origin, blame}: Misplaced): GanError {
  const part = partOf(option);
  const whose = part === '' ? 'names no part' : `is of '${part}'`;
  const isPart = registry.names(configKeys[key].kind).includes(part);
  const meant = part === '' || isPart ? undefined : didYouMean(part, names);
  const withNames = names.map((name) => `${key}.${name}.${option}`);
  const advice =
    meant !== undefined
      ? `Did you mean '${key}.${meant}${option.slice(part.length)}'?`
      : part !== ''
        ? `--${flagOf(key)} ${[...names, part].join(',')}   puts it into the list`
        : names.length > 0
          ? `Say which: ${withNames.join(' or ')}`
          : `--${flagOf(key)} NAME   puts a part into the list`;
  return new GanError(
    blame,
    'GAN_CONFIG_UNKNOWN_KEY',
    `'${key}.${option}' (from ${origin}) ${whose}, and the list of ${key} has ${names.length === 0 ? 'none' : names.join(', ')}.`,
    {suggestions: [advice]},
  );
}

/** @throws GanError GAN_CONFIG_VALUE for options inside of an object, as files may have them */
function assertFlat(key: ListKey, option: string, {value, origin, blame = 'config'}: Given): void {
  if (!isRecord(value)) return;
  const [inside = 'OPTION'] = Object.keys(value);
  throw new GanError(
    blame,
    'GAN_CONFIG_VALUE',
    `${key} must be a list of names, with options beside it; ${origin} gives ${show({[option]: value})}.`,
    {suggestions: [`For example: {"${key}": ["${option}"], "${key}.${option}.${inside}": ...}`]},
  );
}

/** `flip,shift` or a list of names; `none` and an empty list for no part. */
function namesOf(key: ListKey, {value, origin, blame = 'config'}: Given): string[] {
  const names: unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',').map((name) => name.trim())
      : value === null
        ? []
        : [undefined];
  const fault = names.some((name) => typeof name !== 'string' || name === '') || new Set(names).size < names.length;
  if (fault)
    throw new GanError(
      blame,
      'GAN_CONFIG_VALUE',
      `${key} must be a list of names without repetition; ${origin} gives ${show(value)}.`,
      {suggestions: [`For example: --${key} a,b; none: --${key} none`]},
    );
  return names.length === 1 && names[0] === 'none' ? [] : (names as string[]);
}

/** `OPTION` of the only part of a list as `NAME.OPTION`. */
const withPart = (option: string, names: readonly string[]): string =>
  !option.includes('.') && names.length === 1 ? `${names[0]}.${option}` : option;

/** Returns the name in `NAME.OPTION`. A name may contain dots. */
const partOf = (option: string): string => option.slice(0, Math.max(0, option.lastIndexOf('.')));
