import {Flags, type Interfaces} from '@oclif/core';
import type {Assignments} from '../../config/assignments.js';
import {
  configKeys,
  flagOf,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  singleKeys,
  type ScalarKey,
} from '../../options/config-keys.js';
import {kindLabel, partKinds} from '../../options/kinds.js';
import type {OptionSpec} from '../../options/options.js';

/** Flags for options of parts that are used often; every other option goes by `--set`. */
const shortcuts: Readonly<Record<string, {key: string; description: string}>> = {
  'n-crit': {key: 'switcher.nCrit', description: 'critic steps in a row'},
  'n-gen': {key: 'switcher.nGen', description: 'generator steps in a row'},
  'n-features': {key: 'arch.nFeatures', description: 'width of the networks: channels of the layer next to the image'},
  'n-extra-layers': {key: 'arch.nExtraLayers', description: 'additional layers in each network'},
  threads: {
    key: 'backend.threads',
    description: 'processor threads of a backend that computes on the CPU; default: all threads of the machine',
  },
};

/** Flags of `gan fit` beside those that set configuration keys, which few people set. */
const rare: ReadonlySet<string> = new Set(['ranks', 'accept-changes', 'pictures', 'no-pictures', 'device', 'from']);

/** The flags that set configuration keys and that most people set: the help shows these at first. */
const common: ReadonlySet<string> = new Set([
  'recipe',
  'backend',
  'threads',
  'size',
  'channels',
  'batch-size',
  'epochs',
  'steps',
  'minutes',
  'lr',
  'augment',
  'metrics',
  'keep-best',
  'sample-every',
  'seed',
]);

/** Whether the short help of a command has a flag. */
export const isCommon = (flag: string): boolean => (configKey(flag) === undefined ? !rare.has(flag) : common.has(flag));

/** Short flags for what is typed most. */
const chars: Partial<Record<ScalarKey, 'b' | 'e'>> = {batchSize: 'b', epochs: 'e'};

/** The configuration key of each flag: `batch-size` sets `batchSize`, `n-crit` sets `switcher.nCrit`. */
const keyOfFlag: ReadonlyMap<string, string> = new Map([
  ...[...singleKeys, ...mapKeys, ...listKeys, ...scalarKeys].map((key): [string, string] => [flagOf(key), key]),
  ...Object.entries(shortcuts).map(([flag, {key}]): [string, string] => [flag, key]),
]);

/** The flags of `gan fit` that set configuration keys, made from the schema. Their values are checked by it, too. */
export function configFlags(): Interfaces.FlagInput {
  const flags: Interfaces.FlagInput = {};
  for (const key of singleKeys) {
    const {kind, group: helpGroup} = configKeys[key];
    const description = `name of the ${kindLabel(kind)}; gan help ${partKinds[kind].manifestKey} lists them`;
    flags[flagOf(key)] = Flags.string({description, helpValue: 'NAME', helpGroup});
  }
  for (const key of mapKeys) {
    const {kind, of, options, group: helpGroup} = configKeys[key];
    const keys = Object.keys(options).join(', ');
    const description = `${partKinds[kind].manifestKey} of ${of}, separated by commas; more options: ${keys}`;
    flags[flagOf(key)] = Flags.string({description, helpValue: `NAME=${kind.toUpperCase()},...`, helpGroup});
  }
  for (const key of listKeys) {
    const {kind, group: helpGroup} = configKeys[key];
    const description = `names of ${partKinds[kind].manifestKey}, separated by commas; gan help ${partKinds[kind].manifestKey} lists them`;
    flags[flagOf(key)] = Flags.string({description, helpValue: 'NAMES', helpGroup});
  }
  for (const [flag, {description}] of Object.entries(shortcuts)) {
    flags[flag] = Flags.string({description, helpValue: 'N', helpGroup: 'PART'});
  }
  for (const key of scalarKeys) {
    const {spec, group: helpGroup} = scalarFacts(key);
    const char = chars[key];
    const shown = {description: spec.help ?? '', helpGroup, ...(char && {char})};
    if (spec.type === 'bool') flags[flagOf(key)] = Flags.boolean({...shown, allowNo: true});
    else flags[flagOf(key)] = Flags.string({...shown, helpValue: helpValue(spec)});
  }
  return flags;
}

function helpValue(spec: OptionSpec): string {
  if (spec.type === 'oneOf') return spec.values.join('|');
  return {str: 'TEXT', int: 'N', num: 'X', bool: 'X', size: 'N|HxW'}[spec.type];
}

/** The configuration key that a flag sets; undefined for flags like `--out`. */
export const configKey = (flag: string): string | undefined => keyOfFlag.get(flag);

/** Parsed flags as the strongest layer of the configuration. */
export function assignmentsOf(flags: Readonly<Record<string, unknown>>): Assignments {
  const out: Assignments = new Map();
  for (const [flag, value] of Object.entries(flags)) {
    const key = keyOfFlag.get(flag);
    if (key !== undefined && value !== undefined) out.set(key, {value, origin: `--${flag}`, blame: 'usage'});
  }
  return out;
}
