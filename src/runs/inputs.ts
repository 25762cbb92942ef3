/**
 * What an exact resume assumes: the same data, the same settings, the same programs. Each checkpoint keeps what it was
 * made with, and a run that goes on compares.
 */
import {GanError, messageOf} from '../errors.js';
import {quoted} from '../system-error.js';
import {dataSource} from '../config/data.js';
import type {Callback} from '../gan/callback.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import {dataDifference, type DataIdentity} from '../gan/data/identity.js';
import {configKeys, resumableKeys, tableKeys, type ConfigKey} from '../options/config-keys.js';
import type {PartChoice, RunConfig} from '../options/run-config.js';
import type {Registry} from '../plugin/registry.js';

const name = 'inputs';

/** What a training was made with. */
export interface Inputs {
  /** Absent where the data could not be looked at. */
  data?: DataIdentity | undefined;
  /** The settings that `--resume` cannot change, the data's place and the file of first weights aside. */
  settings: Readonly<Record<string, unknown>>;
  backend: string;
  /** Versions of this package and of those whose parts the run uses, by their names. */
  packages: Readonly<Record<string, string>>;
  /** Steps wanted in all: what schedules go by. */
  steps: number;
}

/**
 * Where the weights began does not matter to a run that goes on, and a captured step computes the same. Of the data,
 * what they are is compared, not where.
 */
const notCompared: readonly string[] = ['recipe', 'init', 'capture', ...resumableKeys];
const compared: readonly ConfigKey[] = tableKeys.filter((key) => !notCompared.includes(key));

export const settingsOf = (config: RunConfig): Inputs['settings'] => ({
  source: config.source,
  ...Object.fromEntries(compared.map((key) => [key, config[key as keyof RunConfig] ?? null])),
});

/** Whether a value is what it was. Keys and options that came with a newer version do not count. */
function isSame(before: unknown, now: unknown): boolean {
  if (typeof before !== 'object' || before === null) return before === now;
  if (typeof now !== 'object' || now === null || Array.isArray(before) !== Array.isArray(now)) return false;
  if (Array.isArray(before) && before.length !== (now as unknown[]).length) return false;
  return Object.entries(before).every(([key, value]) => isSame(value, (now as Record<string, unknown>)[key]));
}

/** Versions of the packages that the parts of a configuration are from. */
export function packagesOf(registry: Registry, config: RunConfig, backend: string): Record<string, string> {
  const choices = Object.entries(configKeys).flatMap(([key, facts]) => {
    if (!('kind' in facts)) return [];
    const value: unknown = config[key as keyof RunConfig];
    const parts = Array.isArray(value) ? value : 'map' in facts ? Object.values(value ?? {}) : value ? [value] : [];
    return (parts as PartChoice[]).map((part) => ({kind: facts.kind, name: part.name}));
  });
  const source = dataSource(config.data);
  const names = new Set([
    'gankit',
    ...[
      ...choices,
      {kind: 'backend' as const, name: backend},
      ...(source === undefined ? [] : [{kind: 'source' as const, name: source}]),
    ].flatMap(({kind, name: part}) => {
      try {
        return [registry.packageOf(kind, part)];
      } catch {
        return []; // a part that the caller made
      }
    }),
  ]);
  return Object.fromEntries(
    [...names].sort().flatMap((each) => {
      const version = registry.versionOf(each);
      return version === undefined ? [] : [[each, version]];
    }),
  );
}

/** Keeps the inputs in the checkpoints. */
export function keepInputs(inputs: Omit<Inputs, 'data'>, data: Promise<DataIdentity | undefined>): Callback {
  return {
    name,
    async save(): Promise<Inputs> {
      const identity = await data;
      return {...inputs, ...(identity && {data: identity})};
    },
  };
}

/** The inputs of a checkpoint; undefined of one that an older version wrote. */
export function inputsOf({callbacks}: Pick<Checkpoint, 'callbacks'>): Inputs | undefined {
  const saved = callbacks[name] as Partial<Inputs> | undefined;
  if (typeof saved?.settings !== 'object' || typeof saved.packages !== 'object') return undefined;
  return saved as Inputs;
}

/**
 * Compares a checkpoint's inputs with those of the training that goes on from it.
 * @param run its folder, for messages
 * @returns differences that change the last digits, or may: what to tell the user
 * @throws GanError GAN_DATA_CHANGED (exit 5), GAN_CHECKPOINT (exit 3), unless changes are accepted
 */
export function compareInputs(
  before: Inputs,
  now: Inputs,
  {run, data, step, accept}: {run: string; data: string; step: number; accept: boolean},
): string[] {
  const difference = before.data && now.data ? dataDifference(before.data, now.data) : undefined;
  const settings = Object.keys(before.settings).filter((key) => !isSame(before.settings[key], now.settings[key]));
  const goOn = `gan fit --resume ${quoted(run)} --accept-changes   goes on all the same`;
  if (!accept && difference !== undefined)
    throw new GanError(
      'data',
      'GAN_DATA_CHANGED',
      `The data in ${data} are not those of ${run} up to step ${step}: ${difference}.`,
      {
        suggestions: [
          `Put the data back as they were; or, where they are elsewhere: gan fit --resume ${quoted(run)} --data DATA`,
          `${goOn}, with the data as they are now: order, epochs and held-out items are others from there on, and the run cannot be repeated.`,
        ],
      },
    );
  if (!accept && settings.length > 0)
    throw new GanError(
      'config',
      'GAN_CHECKPOINT',
      `${run} was trained up to step ${step} with other settings than its config.json has now: ${settings.map((key) => `${key} was ${JSON.stringify(before.settings[key])}, is ${JSON.stringify(now.settings[key])}`).join('; ')}.`,
      {
        suggestions: [
          `Put the old values back into ${run}/config.json, or start a new run: gan fit --config ${quoted(`${run}/config.json`)}`,
          `${goOn}, with the new settings: the run cannot be repeated.`,
        ],
      },
    );
  const versions = Object.keys({...before.packages, ...now.packages}).flatMap((each) => {
    const [then, is] = [before.packages[each], now.packages[each]];
    return then === is || then === undefined || is === undefined ? [] : [`${each} was ${then}, is ${is}`];
  });
  return [
    ...(difference === undefined
      ? []
      : [`The data changed since step ${step}: ${difference}. The run goes on with them as they are now.`]),
    ...(settings.length === 0 ? [] : [`Settings changed since step ${step}: ${settings.join(', ')}.`]),
    ...(versions.length === 0
      ? []
      : [`Versions changed since step ${step}, so results may differ: ${versions.join('; ')}.`]),
    ...(before.backend === now.backend
      ? []
      : [`The run goes on on ${now.backend}; up to step ${step} it was on ${before.backend}. The last digits differ.`]),
  ];
}

/** The identity of the data; undefined, and a warning, where they cannot be looked at. */
export const identityOf = async (
  identify: () => Promise<DataIdentity>,
  warn: (message: string) => void,
): Promise<DataIdentity | undefined> =>
  identify().catch((error: unknown) => {
    warn(
      `The data cannot be looked at, so a run that goes on cannot tell whether they are the same: ${messageOf(error)}`,
    );
    return undefined;
  });
