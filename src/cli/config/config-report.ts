import path from 'node:path';
import type {ResolvedConfig} from '../../config/resolve.js';
import {isListKey, isMapKey} from '../../options/config-keys.js';
import type {PartChoice} from '../../options/run-config.js';
import {shortName} from '../../plugin/names.js';

/** A value of the configuration and where it is from. */
export interface ConfigRow {
  /** The key as `--set` names it: `lr`, `arch.nFeatures`, `augment.flip.p`. */
  key: string;
  value: unknown;
  origin: string;
}

/** Every value of a configuration, in the order of the keys; `none` for what is left out. */
export const configRows = (resolved: ResolvedConfig): ConfigRow[] =>
  Object.entries(resolved.origins).map(([key, origin]) => ({key, value: valueOf(resolved, key) ?? 'none', origin}));

function valueOf({config, backend, recipe, auto}: ResolvedConfig, key: string): unknown {
  if ((auto as readonly string[]).includes(key)) return 'auto';
  const [top = '', ...option] = key.split('.');
  if (top === 'recipe') return recipe;
  if (top === 'source') return config.source[option.join('.')];
  const value: unknown = top === 'backend' ? backend : config[top as keyof typeof config];
  if (isMapKey(top)) return ofMap(config[top], key.slice(top.length + 1));
  if (isListKey(top)) return ofList(config[top], key.slice(top.length + 1));
  if (typeof value !== 'object' || value === null) return value;
  const {name, options} = value as PartChoice;
  return option.length === 0 ? name : options[option.join('.')];
}

/** The part of a name, or `NAME.OPTION` of it; names may contain dots. */
function ofMap(choices: Readonly<Record<string, PartChoice>>, key: string): unknown {
  const [name, choice] = Object.entries(choices).find(([each]) => key === each || key.startsWith(`${each}.`)) ?? [];
  return name === key ? choice?.name : choice?.options[key.slice(name!.length + 1)];
}

/** The names of a list, or `NAME.OPTION` of one of its parts; the name may lack its package. */
function ofList(choices: readonly PartChoice[], key: string): unknown {
  if (key === '') return choices.length === 0 ? 'none' : choices.map(({name}) => name).join(',');
  const [name, option] = [key.slice(0, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
  return choices.find((choice) => shortName(choice.name) === shortName(name))?.options[option];
}

/**
 * Names the files and variables that the configuration of a run comes from, except for its own folder, so that users
 * can find the origin of a value.
 * @param dir the folder of a run that goes on
 */
export function fromElsewhere(
  {files, origins}: Pick<ResolvedConfig, 'files' | 'origins'>,
  dir: string | undefined,
): string[] {
  const others = files.filter((file) => dir === undefined || path.dirname(file) !== path.resolve(dir));
  const variables = [...new Set(Object.values(origins).filter((origin) => origin.startsWith('GAN_')))];
  return [
    ...(others.length === 0 ? [] : [`Configuration from ${others.join(', ')}`]),
    ...(variables.length === 0 ? [] : [`From the environment: ${variables.join(', ')}`]),
  ];
}
