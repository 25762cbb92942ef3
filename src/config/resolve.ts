import path from 'node:path';
import type {PartChoice, RunConfig} from '../options/run-config.js';
import {parseStopWhen} from '../options/stop-when.js';
import {isAddress} from '../address.js';
import {GanError} from '../errors.js';
import {partKinds} from '../options/kinds.js';
import {didYouMean, nearestFirst} from '../options/nearest.js';
import {checkOption, checkOptions, type Checked, type GivenMap, type OptionValue} from '../options/options-check.js';
import {shortName} from '../plugin/names.js';
import type {Registry} from '../plugin/registry.js';
import {flatten, optionsOf, parseSet, type Assignments} from './assignments.js';
import {checkPart} from './check-part.js';
import {automaticRecipe, type RecipeFacts} from './automatic-recipe.js';
import {dataText, parseData} from './data.js';
import type {ConfigFile} from './files.js';
import {effectivePart, merge, pick, readSources, scalarLayer, type ConfigSources, type Layers} from './layers.js';
import {chooseList, type ChosenList} from './part-lists.js';
import {chooseMap, type ChosenMap} from './part-maps.js';
import {
  configKeys,
  defaultData,
  flagOf,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  scalarSpecs,
  singleFacts,
  singleKeys,
  type ScalarKey,
  type SingleKey,
} from '../options/config-keys.js';

export interface ConfigRequest extends ConfigSources {
  registry: Registry;
  /** Values from flags: keys as in files (`lr`, `arch`, `switcher.nCrit`), values as typed. */
  flags?: Assignments;
  /** `key=value` texts of `--set`. */
  set?: readonly string[];
  /** The images are not needed: their folder may be gone, and no server is asked. */
  withoutData?: boolean;
  /** Whether the device is a GPU, for the recipe `auto`. Default: whether the backend that is named needs one. */
  onGpu?(backend: PartChoice): Promise<boolean>;
  cwd?: string;
}

export interface ResolvedConfig {
  config: RunConfig;
  /** `auto`, or a backend with its checked options. Not part of the configuration: a run may go on elsewhere. */
  backend: PartChoice;
  /** The recipe that was applied, if any. */
  recipe?: string;
  /** Why this recipe, where nobody named one. */
  whyRecipe?: string;
  /** Keys that are `auto`; the configuration has their defaults until `openTraining` has found their values. */
  auto: readonly ScalarKey[];
  /** The origin of each value: `lr` to `--lr`, `clip` to `recipe wgan`, `latent` to `default`. */
  origins: Record<string, string>;
  /** The files that were read, the stronger one first. */
  files: string[];
}

/**
 * One configuration from all its sources: flags, then `--set`, the environment, the project's file, the user's file,
 * the recipe, and the defaults of the parts and of the keys.
 * @throws GanError of kind config, usage (a flag, an unknown part) or data (a missing folder)
 */
export async function resolveConfig(request: ConfigRequest): Promise<ResolvedConfig> {
  const {registry, cwd = process.cwd()} = request;
  const {project, user, environment} = await readSources(request, cwd);
  // `--set` and flags are one layer, so that `--set arch.p=.1 --arch gan-critic` means that architecture's p.
  const command = new Map([...parseSet(request.set ?? []), ...(request.flags ?? [])]);
  const given = [...(user ? [user.assignments] : []), ...(project ? [project.assignments] : []), environment, command];
  const recipe = await chooseRecipe(request, given, project);

  const images = effectivePart([recipe.assignments, ...given], 'data', defaultData, 'source');
  const data = parseData(images.chosen, cwd, !request.withoutData);
  const source =
    'source' in data
      ? await checkPart(registry, 'source', data.source, images.options, {
          label: 'source',
          origin: images.chosen.origin,
        })
      : noSource(images.options);
  const layers = [recipe.assignments, await sourceDefaults(registry, source), ...given];
  const parts: ChosenPart[] = [];
  for (const key of singleKeys) if (key !== 'recipe') parts.push(await choosePart(registry, key, layers));
  const maps: ChosenMap[] = [];
  for (const key of mapKeys) maps.push(await chooseMap(registry, key, layers));
  const lists: ChosenList[] = [];
  for (const key of listKeys) {
    const ofKey = layers.map((layer: GivenMap) => ({list: layer.get(key), options: optionsOf(layer, key)}));
    lists.push(await chooseList(registry, key, ofKey));
  }
  const plain = scalarLayer(layers);
  const auto = scalarKeys.filter((key) => scalarFacts(key).auto && plain.get(key)?.value === 'auto');
  const scalars = checkOptions(
    '',
    scalarSpecs,
    new Map([...plain].filter(([key]) => !auto.includes(key as ScalarKey))),
  );
  const {backend, ...choices} = Object.fromEntries(parts.flatMap(({key, choice}) => (choice ? [[key, choice]] : [])));
  const config = {
    data: dataText('source' in data ? {source: source.name} : data),
    source: source.values,
    ...choices,
    ...Object.fromEntries([...maps, ...lists].map(({key, choices}) => [key, choices])),
    ...scalarValues(scalars.values, cwd),
  } as RunConfig; // each key was checked to the type that the table gives it
  nameMembers(registry, config, scalars.origins);
  assertStopWhen(registry, config, scalars.origins['stopWhen']);
  const origins: Record<string, string> = {
    recipe: recipe.origin,
    data: images.chosen.origin,
    ...prefixed('source', source.origins),
    ...Object.fromEntries([...parts, ...maps, ...lists].flatMap((one) => Object.entries(one.origins))),
    ...Object.fromEntries(scalarKeys.map((key) => [key, plain.get(key)?.origin ?? 'default'])),
  };
  const files = [request.settings ? undefined : project, user].flatMap((read) => (read ? [read.path] : []));
  return {
    config,
    backend: backend!,
    auto,
    origins,
    files,
    ...(recipe.name !== undefined && {recipe: recipe.name}),
    ...(recipe.why !== undefined && {whyRecipe: recipe.why}),
  };
}

/**
 * Checked values as a run's configuration has them: without those that are left out, numbers as numbers, paths
 * complete.
 */
function scalarValues(values: Record<string, OptionValue>, cwd: string): Record<string, OptionValue> {
  const read = (key: ScalarKey, value: OptionValue): OptionValue => {
    const {numeric, path: isPath} = scalarFacts(key);
    return numeric ? Number(value) : isPath ? path.resolve(cwd, String(value)) : value;
  };
  return Object.fromEntries(
    scalarKeys.flatMap((key) => (values[key] === undefined ? [] : [[key, read(key, values[key])]])),
  );
}

/**
 * A value that names one of the run's own parts must name one that it has: `keepBest` one of its metrics. With or
 * without its package; the configuration has it without.
 */
function nameMembers(registry: Registry, config: RunConfig, origins: Record<string, string>): void {
  for (const key of scalarKeys) {
    const {memberOf} = scalarFacts(key);
    const name = config[key];
    if (memberOf === undefined || name === undefined) continue;
    const names = config[memberOf].map((each) => each.name);
    const found = names.find((each) => each === name || shortName(each) === name);
    if (found === undefined) {
      const what =
        names.length === 0
          ? `this run has no ${memberOf}`
          : `the ${memberOf} of this run are ${names.map(shortName).join(', ')}`;
      throw new GanError('config', 'GAN_CONFIG_VALUE', `${key} (from ${origins[key]}): ${what}, not '${name}'.`, {
        suggestions: addition(registry, memberOf, names, String(name)),
      });
    }
    Object.assign(config, {[key]: shortName(found)});
  }
}

/** How a run gets a metric that it lacks: only what there is can be added to it. */
function addition(registry: Registry, key: 'metrics', names: readonly string[], wanted: string): string[] {
  const {kind} = configKeys[key];
  const all = registry.names(kind);
  const isThere = all.some((each) => each === wanted || shortName(each) === wanted);
  const meant = isThere ? wanted : didYouMean(wanted, all);
  return [
    ...(meant === undefined
      ? [`There are: ${nearestFirst(wanted, all).join(', ')}.`]
      : [
          `${isThere ? '' : `Did you mean '${meant}'? `}--${flagOf(key)} ${[...new Set([...names.map(shortName), meant])].join(',')}`,
        ]),
    `gan parts ${kind}   lists all`,
  ];
}

/** What ends a run early must be something that the run measures. */
function assertStopWhen(
  registry: Registry,
  {stopWhen, metrics, keepBest, watchEvery}: RunConfig,
  origin = 'default',
): void {
  if (stopWhen === undefined) return;
  const refuse = (why: string, ...suggestions: string[]): never => {
    throw new GanError('config', 'GAN_CONFIG_VALUE', `stopWhen (from ${origin}): ${why}`, {suggestions});
  };
  const names = metrics.map(({name}) => shortName(name));
  for (const condition of parseStopWhen(stopWhen)) {
    if (condition.type === 'finding') {
      if (watchEvery === 0) refuse(`nothing finds '${condition.name}' while watchEvery is 0`, '--watch-every 100');
    } else if (condition.metric !== undefined) {
      if (!names.includes(condition.metric))
        refuse(
          `this run does not measure '${condition.metric}'`,
          ...addition(registry, 'metrics', names, condition.metric),
        );
    } else if (keepBest === undefined && names.length !== 1) {
      refuse(
        'it does not say which metric may reach a plateau',
        '--stop-when plateau:METRIC',
        '--metrics METRIC --keep-best METRIC',
      );
    }
  }
}

interface Recipe {
  name?: string;
  why?: string;
  origin: string;
  assignments: Assignments;
}

/** The recipe in force; none for `none`, and none for a complete file unless one was asked for. */
async function chooseRecipe(request: ConfigRequest, layers: Layers, file: ConfigFile | undefined): Promise<Recipe> {
  const {registry} = request;
  const {value, origin} = pick(layers, 'recipe') ?? {
    value: file?.complete ? 'none' : configKeys.recipe.default,
    origin: 'default',
  };
  const name = String(value);
  if (name === 'none') return {origin, assignments: new Map()};
  const options = merge(layers.map((layer) => optionsOf(layer, 'recipe')));
  if (name === 'auto') {
    noOptions('recipe', options, "it is 'auto' here");
    const {recipe, values, why} = automaticRecipe(await recipeFacts(request, layers));
    const {assignments} = await readRecipe(registry, recipe, new Map(), origin);
    const beside = flatten(values, `recipe ${recipe}`);
    return {name: recipe, why, origin, assignments: new Map([...assignments, ...beside])};
  }
  return readRecipe(registry, name, options, origin);
}

async function readRecipe(registry: Registry, name: string, options: GivenMap, origin: string): Promise<Recipe> {
  await registry.load('recipe', name, origin);
  const {values} = await registry.create('recipe', name, options);
  return {name: shortName(name), origin, assignments: flatten(values, `recipe ${name}`)};
}

async function recipeFacts(
  {registry, withoutData, cwd = process.cwd(), onGpu}: ConfigRequest,
  layers: Layers,
): Promise<RecipeFacts> {
  const {chosen, options} = effectivePart(layers, 'data', defaultData, 'source');
  const data = parseData(chosen, cwd, !withoutData);
  if ('source' in data) {
    const source = await checkPart(registry, 'source', data.source, options, {label: 'source', origin: 'data'});
    const suggested = (await sourceDefaults(registry, source)).get('recipe');
    if (suggested) return {suggested: String(suggested.value), data: dataText(data)};
  }
  const backend = (await choosePart(registry, 'backend', layers)).choice!;
  const needsGpu = async ({name}: PartChoice): Promise<boolean> =>
    name !== 'auto' && (await registry.load('backend', name)).needsGpu === true;
  const gpu = await (onGpu ?? needsGpu)(backend); // may look for devices
  if ('source' in data) return {gpu, ...(await countItems(registry, data.source, options))};
  if (withoutData && isAddress(data.folder)) return {gpu};
  const sized = pick(layers, 'size') === undefined && pick(layers, 'arch') === undefined;
  return {gpu, ...(await pictureFacts(data.folder, sized))};
}

/**
 * Nothing of data that cannot be read or have no images: that is an error when they are used.
 * @param sized whether somebody asks for their size, for which some are read
 */
async function pictureFacts(data: string, sized: boolean): Promise<{images?: number; side?: number}> {
  const {openRecords} = await import('../gan/data/records/open.js');
  const records = await openRecords(data).catch(() => undefined);
  if (!records) return {};
  if (!sized || records.files.some(isAddress)) return {images: records.size}; // fetching some takes long
  const {medianSide} = await import('../gan/data/common-facts.js');
  const side = await medianSide(records);
  return {images: records.size, ...(side !== undefined && {side})};
}

/** Nothing where there is no end of them, and where the source cannot be made: that is an error when it is used. */
async function countItems(registry: Registry, name: string, options: GivenMap): Promise<{images?: number}> {
  try {
    const make = await registry.create('source', name, options);
    const source = await make({height: 64, width: 64, channels: 3, resize: 'crop'});
    return 'size' in source && source.size !== undefined ? {images: source.size} : {};
  } catch {
    return {};
  }
}

interface ChosenPart {
  key: SingleKey;
  /** Absent: none. */
  choice?: PartChoice;
  origins: Record<string, string>;
}

/** The part that a key names, with its options. */
async function choosePart(registry: Registry, key: SingleKey, layers: Layers): Promise<ChosenPart> {
  const {kind, default: preset, optional} = singleFacts(key);
  const {
    chosen: {value, origin},
    options,
  } = effectivePart(layers, key, preset);
  const name = String(value);
  const chosen = {key, origins: {[key]: origin}};
  if (optional && name === 'none') {
    noOptions(key, options, 'there is none here');
    return chosen;
  }
  if (key === 'backend' && name === 'auto') {
    const {values, origins} = await checkForAny(registry, options);
    return {...chosen, choice: {name, options: values}, origins: {...chosen.origins, ...prefixed(key, origins)}};
  }
  const checked = await checkPart(registry, kind, name, options, {label: key, origin});
  return {
    key,
    choice: {name: checked.name, options: checked.values},
    origins: {[key]: origin, ...prefixed(key, checked.origins)},
  };
}

/** Options of the backend `auto`: of those that some backend has; the one that is taken gets those that it has. */
async function checkForAny(registry: Registry, options: GivenMap): Promise<Checked> {
  const checked: Checked = {values: {}, origins: {}};
  if (options.size === 0) return checked;
  const names = registry.names('backend');
  const parts = await Promise.all(names.map((name) => registry.describe('backend', name).catch(() => undefined)));
  for (const [option, given] of options) {
    const spec = parts.find((part) => Object.hasOwn(part?.options ?? {}, option))?.options?.[option];
    if (!spec) noOptions('backend', new Map([[option, given]]), "it is 'auto' here, and no backend has this option");
    else {
      checked.values[option] = checkOption(`backend.${option}`, spec, given);
      checked.origins[option] = given.origin;
    }
  }
  return checked;
}

/** What a data source wants of the configuration; for a folder nothing. */
async function sourceDefaults(
  registry: Registry,
  {name, values}: {name: string; values: Record<string, OptionValue>},
): Promise<Assignments> {
  if (name === '') return new Map();
  const {defaults} = await registry.load('source', name);
  return defaults ? flatten(defaults(values), `default of ${dataText({source: name})}`) : new Map();
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
      `'source.${key}' (from ${origin}) is an option of built-in data, but this run reads a folder.`,
    );
  }
  return {name: '', values: {}, origins: {}};
}

function noOptions(key: SingleKey, options: GivenMap, why: string): void {
  for (const [option, {origin}] of options) {
    throw new GanError(
      'config',
      'GAN_CONFIG_UNKNOWN_KEY',
      `'${key}.${option}' (from ${origin}) needs ${partKinds[configKeys[key].kind].noun} by name; ${why}.`,
      {
        suggestions: [`For example: --${key} ${{backend: 'wasm', recipe: 'quick'}[key as string] ?? 'NAME'}`],
      },
    );
  }
}

const prefixed = (prefix: string, origins: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(origins).map(([key, origin]) => [`${prefix}.${key}`, origin]));
