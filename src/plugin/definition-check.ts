import type {PartKind} from './index.js';
import {kindLabel, partKinds} from '../options/kinds.js';
import type {DeclaredPart} from './manifest.js';
import {checkOption} from '../options/options-check.js';
import type {OptionSpec} from '../options/options.js';

const specTypes: readonly OptionSpec['type'][] = ['int', 'num', 'str', 'bool', 'oneOf', 'size'];

/**
 * Returns what is wrong with the result of a part's module, if anything. Plug-ins may be plain JavaScript, so this
 * checks everything that the types promise.
 * @param made the kind whose function (`gan.loss(...)`) was used, if one was
 */
export function definitionFault(
  definition: unknown,
  declared: DeclaredPart,
  made: PartKind | undefined,
): string | undefined {
  const wanted = partKinds[declared.kind].noun;
  if (typeof definition !== 'object' || definition === null)
    return `its default export must return ${wanted}, not ${String(definition)}`;
  if (made !== undefined && made !== declared.kind)
    return `package.json declares ${wanted}, the module returns ${partKinds[made].noun}`;
  const {name, summary, create, options, priority} = definition as Record<string, unknown>;
  if (name !== declared.name) return `package.json calls it '${declared.name}', its module '${String(name)}'`;
  if (typeof summary !== 'string' || summary === '') return 'it has no summary (one line for listings)';
  if (typeof create !== 'function') return 'it has no function `create`';
  if (priority !== undefined && !Number.isFinite(priority)) return '`priority` must be a number';
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null)
    return '`options` must be an object of specifications (opt.int, opt.num, ...)';
  for (const [key, spec] of Object.entries(options)) {
    const fault = specFault(spec);
    if (fault !== undefined) return `option '${key}' of the ${kindLabel(declared.kind)} ${fault}`;
  }
  return undefined;
}

function specFault(spec: unknown): string | undefined {
  const {type, default: preset} = (spec ?? {}) as Partial<OptionSpec>;
  if (type === undefined || !specTypes.includes(type))
    return 'is not made by opt.int, opt.num, opt.str, opt.bool, opt.oneOf or opt.size';
  if (preset === undefined) return undefined;
  try {
    checkOption('its default', spec as OptionSpec, {value: preset, origin: 'the specification'});
    return undefined;
  } catch (error) {
    return `has a default that breaks its own rule: ${(error as Error).message}`;
  }
}
