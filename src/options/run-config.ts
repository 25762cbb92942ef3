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
import type {OptionValue} from './options-check.js';
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

/**
 * The configuration that the config.json of a run holds, with what it lacks because the run is older than a key, and
 * with lists where it has one part because the run is older than the list.
 */
export function parseRunConfig(json: string): RunConfig {
  const config = JSON.parse(json) as RunConfig;
  const lacking = [...olderValues].filter(([key]) => !Object.hasOwn(config, key));
  const single = listKeys.filter((key) => config[key] !== undefined && !Array.isArray(config[key]));
  const lists = single.map((key): [string, unknown] => [key, [config[key]]]);
  return {...config, ...Object.fromEntries<unknown>([...lacking, ...lists])};
}
