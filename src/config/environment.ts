import {GanError} from '../errors.js';
import type {Given} from '../options/options-check.js';
import {editDistance} from '../options/nearest.js';
import type {Assignments} from './assignments.js';
import {isMapKey, partKeys, topLevelKeys} from '../options/config-keys.js';
import {variables} from '../variables.js';

/**
 * The layer of environment variables: `GAN_BATCH_SIZE` is `batchSize`, `GAN_SWITCHER__N_CRIT` is `switcher.nCrit`, and
 * `GAN_AUGMENT__FLIP__P` is `augment.flip.p`. Empty ones count as not set.
 */

const prefix = 'GAN_';

/** Variables that are no configuration keys, and never a misspelt one. */
const notKeys = new Set([
  ...Object.keys(variables),
  ...['BINPATH', 'DISABLE_THEME', 'THEME_FILE', 'CONTENT_TYPE'].map((name) => prefix + name), // of oclif
]);

const toVariable = (name: string): string =>
  name
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll('-', '_')
    .toUpperCase();
const toCamel = (word: string): string =>
  word.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const toKebab = (word: string): string => word.toLowerCase().replaceAll('_', '-');

/** The variable of a key: `switcher.nCrit` to `GAN_SWITCHER__N_CRIT`. */
export const variableOf = (key: string): string => prefix + key.split('.').map(toVariable).join('__');

const keyOfVariable: ReadonlyMap<string, string> = new Map(topLevelKeys.map((key) => [toVariable(key), key]));

/**
 * The keys that the environment sets.
 * @throws GanError GAN_CONFIG_UNKNOWN_KEY for a variable that is one letter away from another one, or that names an
 * option of no part
 */
export function environmentLayer(env: NodeJS.ProcessEnv): Assignments {
  const out: Assignments = new Map();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || value === undefined || value === '') continue;
    const key = keyOf(variable.slice(prefix.length), variable);
    if (key !== undefined) out.set(key, given(variable, value));
  }
  return out;
}

const given = (variable: string, value: string): Given => ({value, origin: variable});

function keyOf(name: string, variable: string): string | undefined {
  const [top = '', ...option] = name.split('__');
  const key = keyOfVariable.get(top);
  if (key === undefined) {
    const near =
      option.length > 0
        ? nearest(top, 2)
        : notKeys.has(variable) || /^(TEST|SUITE)_/.test(name)
          ? undefined
          : nearest(name, 1);
    if (near === undefined) return undefined; // of a plug-in, or of something else called gan
    throw unknownVariable(variable, [near, ...option].join('__'));
  }
  if (option.length === 0) {
    if (key !== 'source') return key;
    throw new GanError('config', 'GAN_CONFIG_VALUE', `${variable} must name an option of the data source.`, {
      suggestions: [`For example: ${variableOf('source.count')}=1000`],
    });
  }
  if (!partKeys.includes(key))
    throw new GanError(
      'config',
      'GAN_CONFIG_UNKNOWN_KEY',
      `'${key}' is a plain value and has no option '${option.map(toCamel).join('.')}' (from ${variable}).`,
    );
  const [last = '', ...names] = option.reverse();
  return [key, ...names.reverse().map(isMapKey(key) ? toCamel : toKebab), toCamel(last)].join('.');
}

/** The variable that was probably meant; the name of another program's variable is not to be taken for one. */
function nearest(name: string, edits: number): string | undefined {
  const folded = (text: string): string => text.replaceAll('_', '');
  // these have no options: with `__` in it, a name is another program's
  const others = edits > 1 ? [] : Object.keys(variables).map((variable) => variable.slice(prefix.length));
  return [...keyOfVariable.keys(), ...others].find(
    (known) => known.length > 3 && editDistance(folded(name), folded(known)) <= edits,
  );
}

const unknownVariable = (variable: string, meant: string): GanError =>
  new GanError('config', 'GAN_CONFIG_UNKNOWN_KEY', `There is no setting ${variable}.`, {
    suggestions: [`Did you mean ${prefix}${meant}?`, 'If it is meant for another program, unset it.'],
  });
