import {checkOptions, type GivenMap, type OptionValue} from '../options/options-check.js';
import type {OptionSpecs} from '../options/options.js';
import type {PartKind} from '../options/kinds.js';
import {kindLabel} from '../options/kinds.js';
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
  const {values, origins} = checkOptions(`${kindLabel(kind)} ${name}`, specs, options, (key) => `${label}.${key}`);
  const filled = Object.fromEntries(
    Object.keys(specs).map((key) => [key, origins[key] ?? `default of ${kindLabel(kind)} ${name}`]),
  );
  return {name: registry.fullName(kind, name), values: withoutUndefined(values), origins: filled};
}

const withoutUndefined = (values: Record<string, OptionValue>): Record<string, OptionValue> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
