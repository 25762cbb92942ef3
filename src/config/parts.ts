import {
  configKeys,
  listKeys,
  mapKeys,
  type ConfigKeys,
  type KeysWith,
  type ListKey,
  type MapKey,
} from '../options/config-keys.js';
import {imageShapeOf} from '../options/image-size.js';
import {kindFacts, kindLabel, type PartKind, type partKinds} from '../options/kinds.js';
import {checkOptions, type GivenMap} from '../options/options-check.js';
import type {OptionValues} from '../options/options.js';
import {trainingPartKeys, type PartChoice, type RunConfig, type TrainingPartKey} from '../options/run-config.js';
import type {Architecture, PartKinds, SourceFactory} from '../plugin/index.js';
import {shortName} from '../plugin/names.js';
import type {Registry} from '../plugin/registry.js';
import {dataSource} from './data.js';

type PartName<K extends TrainingPartKey | MapKey | ListKey> = ConfigKeys[K]['part'];
/** The result of creating the parts of a kind. Metrics and callbacks keep their names. */
type Made<K extends PartKind> = PartKinds[K] &
  ((typeof partKinds)[K] extends {instance: string} ? {name: string} : unknown);
type MadeBy<K extends TrainingPartKey | MapKey | ListKey> = Made<ConfigKeys[K]['kind']>;
/** A part under the name of its kind, with the options that it has in a map. */
type Mapped<K extends MapKey> = Record<ConfigKeys[K]['kind'], MadeBy<K>> &
  Partial<OptionValues<ConfigKeys[K]['options']>>;
type OptionalPartKey = TrainingPartKey & KeysWith<{optional: true}>;

/** The parts that a configuration names, made from their options. */
export type RunParts = {[K in Exclude<TrainingPartKey, OptionalPartKey> as PartName<K>]: MadeBy<K>} & {
  [K in OptionalPartKey as PartName<K>]?: MadeBy<K>;
} & {[K in MapKey as PartName<K>]: Readonly<Record<string, Mapped<K>>>} & {
  [K in ListKey as PartName<K>]: readonly MadeBy<K>[];
} & {
  /** Absent: the images are those of a folder. */
  source?: SourceFactory;
};

/** Makes the parts that a configuration names. Loads tfjs, which architectures and losses are written with. */
export async function createParts(registry: Registry, config: RunConfig): Promise<RunParts> {
  await registry.tensors.load();
  const parts: Record<string, unknown> = {};
  const source = await createSource(registry, config.data, config.source);
  if (source) parts['source'] = source;
  for (const key of trainingPartKeys) {
    const {kind, part} = configKeys[key];
    if (config[key]) parts[part] = await createPart(registry, kind, config[key]);
  }
  for (const key of mapKeys) {
    const made = Object.entries(config[key]).map(async ([name, choice]) => [
      name,
      await createMapped(registry, key, choice),
    ]);
    parts[configKeys[key].part] = Object.fromEntries((await Promise.all(made)) as [string, object][]);
  }
  for (const key of listKeys) {
    const {kind, part} = configKeys[key];
    parts[part] = await Promise.all(config[key].map((choice) => createPart(registry, kind, choice)));
  }
  const made = parts as RunParts; // each made by the kind that its key names
  const {height, width, channels} = imageShapeOf(config);
  for (const metric of made.metrics) metric.assertShape?.([height, width, channels]);
  return made;
}

async function createPart(registry: Registry, kind: PartKind, {name, options}: PartChoice): Promise<object> {
  const part = await registry.create(kind, name, givenOptions(options));
  const {instance} = kindFacts(kind);
  return instance === undefined ? part : withName(part, instance.replace('NAME', shortName(name)));
}

/** A part of a map: its own options make it, those of the map are beside it. */
async function createMapped(registry: Registry, key: MapKey, {name, options}: PartChoice): Promise<object> {
  const {kind, options: more} = configKeys[key];
  const isMaps = ([option]: [string, unknown]): boolean => Object.hasOwn(more, option);
  const all = Object.entries(options);
  const own = Object.fromEntries(all.filter((each) => !isMaps(each)));
  return {
    [kind]: await createPart(registry, kind, {name, options: own}),
    ...checkOptions(`${kindLabel(kind)} ${name}`, more, givenOptions(Object.fromEntries(all.filter(isMaps)))).values,
  };
}

/** The part by another name; its functions keep their `this`. */
function withName<T extends object>(part: T, name: string): T & {name: string} {
  return new Proxy(part, {
    get(target, key) {
      if (key === 'name') return name;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  }) as T & {name: string};
}

/** The architecture of a configuration. Loads tfjs. */
export async function createArchitecture(registry: Registry, {arch}: Pick<RunConfig, 'arch'>): Promise<Architecture> {
  await registry.tensors.load();
  return registry.create('architecture', arch.name, givenOptions(arch.options));
}

/** The built-in data source that `data` names; undefined for a folder. */
export async function createSource(
  registry: Registry,
  data: string,
  options: Record<string, unknown>,
): Promise<SourceFactory | undefined> {
  const name = dataSource(data);
  return name === undefined ? undefined : registry.create('source', name, givenOptions(options));
}

/** Values of a configuration, to be checked again: it may have been edited. */
export const givenOptions = (options: Record<string, unknown>): GivenMap =>
  new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'the configuration'}]));
