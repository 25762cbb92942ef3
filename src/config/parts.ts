import type {PartChoice, RunConfig} from '../options/run-config.js';
import type {RunParts} from '../runs/train.js';
import type {Architecture, PartKind, SourceFactory} from '../plugin/index.js';
import type {GivenMap} from '../options/options-check.js';
import type {Registry} from '../plugin/registry.js';
import {dataSource} from './data.js';

/** Makes the parts that a configuration names. Loads tfjs, which architectures and losses are written with. */
export async function createParts(registry: Registry, config: RunConfig): Promise<RunParts> {
  await registry.tensors.load();
  const {loss, opt, switcher, penalty, schedule} = config;
  const source = await createSource(registry, config.data, config.source);
  const make = <K extends PartKind>(kind: K, {name, options}: PartChoice) =>
    registry.create(kind, name, givenOptions(options));
  const all = <K extends PartKind>(kind: K, choices: readonly PartChoice[] = []) =>
    Promise.all(choices.map((choice) => make(kind, choice)));
  const named = <T extends object>(parts: readonly T[], choices: readonly PartChoice[] = []) =>
    parts.map((part, i) => withName(part, shortName(choices[i]!.name)));
  return {
    architecture: await createArchitecture(registry, config),
    loss: await make('loss', loss),
    optimizer: await make('optimizer', opt),
    switcher: await make('switcher', switcher),
    ...(penalty && {penalty: await make('penalty', penalty)}),
    ...(schedule && {schedule: await make('schedule', schedule)}),
    augmentations: await all('augmentation', config.augment),
    metrics: named(await all('metric', config.metrics), config.metrics),
    callbacks: (await all('callback', config.callbacks)).map((part, i) =>
      withName(part, `callback ${shortName(config.callbacks![i]!.name)}`),
    ),
    ...(source && {source}),
  };
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
