import {GanError, isGanError} from '../errors.js';
import {checkOptions, type Checked, type GivenMap, type OptionValue} from '../options/options-check.js';
import type {OptionSpecs} from '../options/options.js';
import type {PartKind} from '../options/kinds.js';
import {kindLabel, partKinds} from '../options/kinds.js';
import type {Registry} from '../plugin/registry.js';

export interface PartFacts {
  /** The key before the part's options: `arch` in `arch.nFeatures`. */
  label: string;
  origin: string | undefined;
  /** Options that it has here beside its own; they win. */
  more?: OptionSpecs;
}

export interface CheckedPart {
  /** The name that stays right when more plug-ins are installed: `gan-plugin-x:name` for parts of others. */
  name: string;
  values: Record<string, OptionValue>;
  origins: Record<string, string>;
}

/** A part by its name, with the values of all of its options. */
export async function checkPart(
  registry: Registry,
  kind: PartKind,
  name: string,
  options: GivenMap,
  {label, origin, more}: PartFacts,
): Promise<CheckedPart> {
  const {options: own = {}} = await registry.load(kind, name, origin);
  const specs = {...own, ...more};
  let checked: Checked;
  try {
    checked = checkOptions(`${kindLabel(kind)} ${name}`, specs, options, (key) => `${label}.${key}`);
  } catch (error) {
    const unknown = [...options.keys()].find((option) => !Object.hasOwn(specs, option));
    throw isGanError(error) && unknown !== undefined ? await withOwners(registry, kind, unknown, error) : error;
  }
  const {values, origins} = checked;
  const filled = Object.fromEntries(
    Object.keys(specs).map((key) => [key, origins[key] ?? `default of ${kindLabel(kind)} ${name}`]),
  );
  return {name: registry.fullName(kind, name), values: withoutUndefined(values), origins: filled};
}

/** The error for an option that the part does not have names the parts of its kind that do. */
async function withOwners(registry: Registry, kind: PartKind, option: string, error: GanError): Promise<GanError> {
  const having = registry.names(kind).map(async (name) => {
    const part = await registry.describe(kind, name).catch(() => undefined);
    return Object.hasOwn(part?.options ?? {}, option) ? [name] : [];
  });
  const names = (await Promise.all(having)).flat();
  if (names.length === 0) return error;
  const {manifestKey} = partKinds[kind];
  const suggestions = [`Those of the ${manifestKey} that have it: ${names.join(', ')}.`, ...error.suggestions];
  return new GanError(error.kind, 'GAN_CONFIG_UNKNOWN_KEY', error.message, {cause: error, suggestions});
}

const withoutUndefined = (values: Record<string, OptionValue>): Record<string, OptionValue> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
