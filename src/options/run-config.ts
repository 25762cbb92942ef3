/** Everything that decides a training run, fully resolved: the run folder keeps it, `--config` repeats it. */
import {
  configKeys,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  singleKeys,
  type ConfigKeys,
  type KeysWith,
  type ListKey,
  type MapKey,
  type ScalarKey,
} from './config-keys.js';
import {GanError} from '../errors.js';
import {isRecord, JsonError, list, object, optional, record, anything, text, type Check} from './json.js';
import {checkOption, type OptionValue} from './options-check.js';
import type {OptionSpec} from './options.js';

/** A part chosen by name, with the values of its options. */
export interface PartChoice {
  name: string;
  options: Record<string, unknown>;
}

/** The keys of the parts that a training has one of. */
export type TrainingPartKey = KeysWith<{default: string; part: string}>;
export const trainingPartKeys = singleKeys.filter((key): key is TrainingPartKey => 'part' in configKeys[key]);
type RequiredPart = Exclude<TrainingPartKey, KeysWith<{optional: true}>>;
type OptionalPart = Exclude<TrainingPartKey, RequiredPart>;
/** The plain values that every run has: those whose specification has a default. */
type RequiredScalar = {
  [K in ScalarKey]: undefined extends ConfigKeys[K]['spec']['default'] ? never : K;
}[ScalarKey];
type OptionalScalar = Exclude<ScalarKey, RequiredScalar>;

/** `'3'` as 3. */
type NumberIn<V> = V extends `${infer N extends number}` ? N : never;
/** The type of a plain value in a run's configuration. */
type Value<F extends {spec: OptionSpec}> = F extends {numeric: true}
  ? NumberIn<F['spec']['default']>
  : NonNullable<F['spec']['default']>;

type Scalars = {-readonly [K in keyof Pick<ConfigKeys, RequiredScalar>]: Value<ConfigKeys[K]>};
type OptionalScalars = {-readonly [K in keyof Pick<ConfigKeys, OptionalScalar>]?: Value<ConfigKeys[K]>};
type Parts = {-readonly [K in keyof Pick<ConfigKeys, RequiredPart>]: PartChoice};
type OptionalParts = {-readonly [K in keyof Pick<ConfigKeys, OptionalPart>]?: PartChoice};
type Maps = {-readonly [K in keyof Pick<ConfigKeys, MapKey>]: Readonly<Record<string, PartChoice>>};
type Lists = {-readonly [K in keyof Pick<ConfigKeys, ListKey>]: readonly PartChoice[]};

/** A run's configuration; `configKeys` explains the keys. Optional ones may be `none` on the command line. */
export interface RunConfig extends Parts, OptionalParts, Maps, Lists, Scalars, OptionalScalars {
  /** A folder of images, or `builtin:NAME` for a data source part. */
  data: string;
  /** Options of the data source part; empty for a folder. */
  source: Record<string, unknown>;
}

type OlderValue = OptionValue | readonly [] | Readonly<Record<string, never>>;

/** Keys that the configurations of older runs may lack, with the values that these runs used. */
export const olderValues: ReadonlyMap<string, OlderValue> = new Map<string, OlderValue>([
  ...mapKeys.map((key) => [key, {}] as const),
  ...listKeys.map((key) => [key, []] as const),
  ...scalarKeys.map((key) => [key, scalarFacts(key).older] as const).filter(([, older]) => older !== undefined),
]);

const partOf: Check<PartChoice> = (value, at) => {
  const {name, options = {}} = object({name: text, options: optional(record(anything))})(value, at);
  return {name, options};
};

/** Keys without which nothing can be said about a run. */
const essential: readonly string[] = ['data', 'arch', 'loss', 'size', 'channels', 'latent', 'epochs'];

/**
 * The configuration that the config.json of a run holds, with what it lacks because the run is older than a key, and
 * with lists where it has one part because the run is older than the list. Each value has the type of its key; what
 * the parts make of their options is not checked.
 * @throws JsonError
 */
export const checkRunConfig: Check<RunConfig> = (value, at) => {
  const given = record(anything)(value, at);
  for (const key of essential)
    if (!Object.hasOwn(given, key)) throw new JsonError(`is no configuration of a run: it has no '${key}'`);
  const values: Record<string, unknown> = {...Object.fromEntries(olderValues), ...given};
  for (const [key, each] of Object.entries(values)) {
    if (key === 'data') values[key] = text(each, key);
    else if (key === 'source') values[key] = record(anything)(each, key);
    else if ((listKeys as readonly string[]).includes(key))
      values[key] = list(partOf)(isRecord(each) ? [each] : each, key);
    else if ((mapKeys as readonly string[]).includes(key)) values[key] = record(partOf)(each, key);
    else if ((singleKeys as readonly string[]).includes(key)) values[key] = partOf(each, key);
    else if ((scalarKeys as readonly string[]).includes(key)) values[key] = scalarOf(key as ScalarKey, each);
  }
  return {...values, source: values['source'] ?? {}} as unknown as RunConfig;
};

/** A plain value in the type of its key. */
function scalarOf(key: ScalarKey, value: unknown): OptionValue {
  const {spec, numeric} = scalarFacts(key);
  try {
    const read = checkOption(key, spec, {value, origin: 'it'});
    return numeric ? Number(read) : read;
  } catch (error) {
    if (error instanceof GanError) throw new JsonError(`has a wrong value: ${error.message}`);
    throw error;
  }
}
