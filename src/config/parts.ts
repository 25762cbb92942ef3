import {configKeys, listKeys, type ConfigKeys, type KeysWith, type ListKey} from '../options/config-keys.js';
import {kindFacts, type PartKind, type partKinds} from '../options/kinds.js';
import type {GivenMap} from '../options/options-check.js';
import {trainingPartKeys, type PartChoice, type RunConfig, type TrainingPartKey} from '../options/run-config.js';
import type {Architecture, PartKinds, SourceFactory} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import {dataSource} from './data.js';

type PartName<K extends TrainingPartKey | ListKey> = ConfigKeys[K]['part'];
/** The result of creating the parts of a kind. Metrics and callbacks keep their names. */
type Made<K extends PartKind> = PartKinds[K] &
  ((typeof partKinds)[K] extends {instance: string} ? {name: string} : unknown);
type MadeBy<K extends TrainingPartKey | ListKey> = Made<ConfigKeys[K]['kind']>;
type OptionalPartKey = TrainingPartKey & KeysWith<{optional: true}>;

/** The parts that a configuration names, made from their options. */
export type RunParts = {[K in Exclude<TrainingPartKey, OptionalPartKey> as PartName<K>]: MadeBy<K>} & {
  [K in OptionalPartKey as PartName<K>]?: MadeBy<K>;
} & {[K in ListKey as PartName<K>]: readonly MadeBy<K>[]} & {
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
  for (const key of listKeys) {
    const {kind, part} = configKeys[key];
    parts[part] = await Promise.all(config[key].map((choice) => createPart(registry, kind, choice)));
  }
  return parts as RunParts; // each made by the kind that its key names
}

async function createPart(registry: Registry, kind: PartKind, {name, options}: PartChoice): Promise<object> {
  const part = await registry.create(kind, name, givenOptions(options));
  const {instance} = kindFacts(kind);
  return instance === undefined ? part : withName(part, instance.replace('NAME', shortName(name)));
}

/** `gan-plugin-x:name` to `name`. */
const shortName = (name: string): string => name.replace(/^.*:/, '');

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
