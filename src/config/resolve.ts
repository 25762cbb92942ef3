import path from 'node:path';
import type {PartChoice, RunConfig} from '../options/run-config.js';
import {GanError} from '../errors.js';
import {partKinds} from '../options/kinds.js';
import {checkOptions, type GivenMap, type OptionValue} from '../options/options-check.js';
import type {Registry} from '../plugin/registry.js';
import {flatten, optionsOf, parseSet, type Assignments} from './assignments.js';
import {checkPart, withoutUndefined} from './check-part.js';
import {dataText, parseData} from './data.js';
import type {ConfigFile} from './files.js';
import {inForce, merge, pick, readSurroundings, scalarLayer, type Layers, type Surroundings} from './layers.js';
import {chooseList} from './part-lists.js';
import {
  defaultData,
  partDefaults,
  partKeys,
  scalarKeys,
  scalarSpecs,
  type ListKey,
  type PartKey,
} from '../options/config-keys.js';

export interface ConfigRequest extends Surroundings {
  registry: Registry;
  /** From flags: keys as in files (`lr`, `arch`, `switcher.nCrit`), values as typed. */
  flags?: Assignments;
  /** `key=value` texts of `--set`. */
  set?: readonly string[];
  /** The images are not needed: their folder may be gone. */
  withoutData?: boolean;
  cwd?: string;
}

export interface ResolvedConfig {
  config: RunConfig;
  /** `auto`, or a backend with its checked options. Not part of the configuration: a run may go on elsewhere. */
  backend: PartChoice;
  /** The recipe that was applied, if any. */
  recipe?: string;
  /** Where each value came from: `lr` to `--lr`, `clip` to `recipe wgan`, `latent` to `default`. */
  origins: Record<string, string>;
  /** The files that were read, the stronger one first. */
  files: string[];
}

/**
 * One configuration from all its sources: flags, then `--set`, the environment, the project's file, the user's file, the
 * recipe, and the defaults of the parts and of the keys.
 * @throws GanError of kind config, usage (a flag, an unknown part) or data (a missing folder)
 */
export async function resolveConfig(request: ConfigRequest): Promise<ResolvedConfig> {
  const {registry, cwd = process.cwd()} = request;
  const {project, user, environment} = await readSurroundings(request, cwd);
  // `--set` and flags are one layer, so that `--set arch.p=.1 --arch gan-critic` means that architecture's p.
  const command = new Map([...parseSet(request.set ?? []), ...(request.flags ?? [])]);
  const given = [...(user ? [user.assignments] : []), ...(project ? [project.assignments] : []), environment, command];
  const recipe = await chooseRecipe(registry, given, project);
  const layers = [recipe.assignments, ...given];

  const images = inForce(layers, 'data', defaultData, 'source');
  const data = parseData(images.chosen, cwd, !request.withoutData);
  const source =
    'source' in data
      ? await checkPart(registry, 'source', data.source, images.options, {
          label: 'source',
          origin: images.chosen.origin,
        })
      : noSource(images.options);
  const part = (key: PartKey) => choosePart(registry, key, layers);
  const [arch, loss, opt, switcher, backend] = [
    await part('arch'),
    await part('loss'),
    await part('opt'),
    await part('switcher'),
    await part('backend'),
  ];
  const [penalty, schedule] = [
    await optionalPart(registry, 'penalty', layers),
    await optionalPart(registry, 'schedule', layers),
  ];
  const list = (key: ListKey) =>
    chooseList(
      registry,
      key,
      layers.map((layer: GivenMap) => ({list: layer.get(key), options: optionsOf(layer, key)})),
    );
  const [augment, metrics, callbacks] = [await list('augment'), await list('metrics'), await list('callbacks')];

  const scalars = checkOptions('', scalarSpecs, scalarLayer(layers));
  const init = scalars.values['init'];
  assertMeasured(scalars.values['keepBest'], scalars.origins['keepBest'], metrics.choices);
  const origins: Record<string, string> = {
    recipe: recipe.origin,
    data: images.chosen.origin,
    ...prefixed('source', source.origins),
    ...Object.fromEntries(
      [backend, arch, loss, penalty, opt, switcher, schedule, augment, metrics, callbacks].flatMap((one) =>
        Object.entries(one.origins),
      ),
    ),
    ...Object.fromEntries(scalarKeys.map((key) => [key, scalars.origins[key] ?? 'default'])),
  };
  const config = {
    data: dataText('source' in data ? {source: source.name} : data),
    source: source.values,
    arch: arch.choice,
    loss: loss.choice,
    ...(penalty.choice && {penalty: penalty.choice}),
    opt: opt.choice,
    switcher: switcher.choice,
    ...(schedule.choice && {schedule: schedule.choice}),
    augment: augment.choices,
    metrics: metrics.choices,
    callbacks: callbacks.choices,
    ...withoutUndefined(scalars.values),
    channels: Number(scalars.values['channels']),
    ...(typeof init === 'string' && {init: path.resolve(cwd, init)}),
  } as RunConfig; // `scalarSpecs` checked each key to the type that RunConfig gives it
  const files = [request.settings ? undefined : project, user].flatMap((read) => (read ? [read.path] : []));
  return {config, backend: backend.choice, origins, files, ...(recipe.name !== undefined && {recipe: recipe.name})};
}

/** A run can only keep what is best by a metric that it has. */
function assertMeasured(
  metric: OptionValue | undefined,
  origin: string | undefined,
  metrics: readonly PartChoice[],
): void {
  const names = metrics.map(({name}) => name);
  if (typeof metric !== 'string' || names.includes(metric)) return;
  const what = names.length === 0 ? 'this run has no metrics' : `the metrics of this run are ${names.join(', ')}`;
  throw new GanError('config', 'GAN_CONFIG_VALUE', `keepBest (from ${origin}): '${metric}' is not measured; ${what}.`, {
    suggestions: [`--metrics ${[...names, metric].join(',')}`, 'gan parts metric lists all'],
  });
}

/** The recipe in force; none for `none`, and none for a complete file unless one was asked for. */
async function chooseRecipe(
  registry: Registry,
  layers: Layers,
  file: ConfigFile | undefined,
): Promise<{name?: string; origin: string; assignments: Assignments}> {
  const {value: name, origin} = pick(layers, 'recipe') ?? {
    value: file?.complete ? 'none' : partDefaults.recipe,
    origin: 'default',
  };
  if (name === 'none') return {origin, assignments: new Map()};
  const known = String(name);
  await registry.load('recipe', known, origin);
  const {values} = await registry.create('recipe', known, merge(layers.map((layer) => optionsOf(layer, 'recipe'))));
  return {name: known.replace(/^.*:/, ''), origin, assignments: flatten(values, `recipe ${known}`)};
}

interface ChosenPart {
  choice: PartChoice;
  origins: Record<string, string>;
}

/** The part that a key names, with its options. */
async function choosePart(registry: Registry, key: PartKey, layers: Layers): Promise<ChosenPart> {
  const {
    chosen: {value, origin},
    options,
  } = inForce(layers, key, partDefaults[key]);
  const name = String(value);
  if (key === 'backend' && name === 'auto')
    return {choice: {name, options: noOptions(key, options, "it is 'auto' here")}, origins: {[key]: origin}};
  const checked = await checkPart(registry, partKeys[key], name, options, {label: key, origin});
  return {
    choice: {name: checked.name, options: checked.values},
    origins: {[key]: origin, ...prefixed(key, checked.origins)},
  };
}

/** The same of a key that may be `none`. */
async function optionalPart(
  registry: Registry,
  key: PartKey,
  layers: Layers,
): Promise<Partial<ChosenPart> & Pick<ChosenPart, 'origins'>> {
  const {
    chosen: {value, origin},
    options,
  } = inForce(layers, key, partDefaults[key]);
  if (value !== 'none') return choosePart(registry, key, layers);
  noOptions(key, options, 'there is none here');
  return {origins: {[key]: origin}};
}

function noSource(options: GivenMap): {
  name: string;
  values: Record<string, OptionValue>;
  origins: Record<string, string>;
} {
  for (const [key, {origin}] of options) {
    throw new GanError(
      'config',
      'GAN_CONFIG_UNKNOWN_KEY',
      `'source.${key}' (from ${origin}) is for built-in data; this run reads a folder.`,
    );
  }
  return {name: '', values: {}, origins: {}};
}

function noOptions(key: PartKey, options: GivenMap, why: string): Record<string, never> {
  for (const [option, {origin}] of options) {
    throw new GanError(
      'config',
      'GAN_CONFIG_UNKNOWN_KEY',
      `'${key}.${option}' (from ${origin}) needs ${partKinds[partKeys[key]].noun} by name; ${why}.`,
      {
        suggestions: [key === 'backend' ? 'For example: --backend wasm' : `For example: --${key} NAME`],
      },
    );
  }
  return {};
}

const prefixed = (prefix: string, origins: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(origins).map(([key, origin]) => [`${prefix}.${key}`, origin]));
