import type {RunConfig} from '../gan/runs/run-config.js';
import type {RunParts} from '../gan/runs/train.js';
import type {Architecture, SourceFactory} from '../plugin/index.js';
import type {GivenMap} from '../plugin/options-check.js';
import type {Registry} from '../plugin/registry.js';
import {dataSource} from './data.js';

/** Makes the parts that a configuration names. Loads tfjs, which architectures and losses are written with. */
export async function createParts(registry: Registry, config: RunConfig): Promise<RunParts> {
  await registry.tensors.load();
  const {loss, opt, switcher} = config;
  const source = await createSource(registry, config.data, config.source);
  return {
    architecture: await createArchitecture(registry, config),
    loss: await registry.create('loss', loss.name, givenOptions(loss.options)),
    optimizer: await registry.create('optimizer', opt.name, givenOptions(opt.options)),
    switcher: await registry.create('switcher', switcher.name, givenOptions(switcher.options)),
    ...(source && {source}),
  };
}

/** The architecture of a configuration. Loads tfjs. */
export async function createArchitecture(registry: Registry, {arch}: Pick<RunConfig, 'arch'>): Promise<Architecture> {
  await registry.tensors.load();
  return registry.create('architecture', arch.name, givenOptions(arch.options));
}

/** The built-in data source that `data` names; undefined for a folder. */
export async function createSource(registry: Registry, data: string, options: Record<string, unknown>): Promise<SourceFactory | undefined> {
  const name = dataSource(data);
  return name === undefined ? undefined : registry.create('source', name, givenOptions(options));
}

/** Values of a configuration, to be checked again: it may have been edited. */
export const givenOptions = (options: Record<string, unknown>): GivenMap =>
  new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'the configuration'}]));
