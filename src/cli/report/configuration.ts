import type {RunConfig} from '../../options/run-config.js';
import {table, text} from './html.js';
import type {RunRecord} from './read-run.js';

/** Every value of the configuration with where it came from: first those that somebody chose, then the defaults. */
export function configurationSection({config, origins}: RunRecord): string {
  const rows = Object.entries(flatten(config)).map(([key, value]) => ({key, value, origin: origins[key] ?? ''}));
  const isDefault = ({origin}: {origin: string}): boolean => origin.startsWith('default');
  const cells = (chosen: typeof rows): string[][] =>
    chosen.map(({key, value, origin}) => [`<code>${text(key)}</code>`, text(value), text(origin)]);
  const headings = ['key', 'value', 'from'];
  const defaults = rows.filter(isDefault);
  return `<section id="configuration"><h2>Configuration</h2>
${table(headings, cells(rows.filter((row) => !isDefault(row))))}
${defaults.length === 0 ? '' : `<details><summary>${defaults.length} defaults</summary>${table(headings, cells(defaults))}</details>`}</section>`;
}

/** `arch: {name: basic, options: {nFeatures: 4}}` as `arch: basic` and `arch.nFeatures: 4`, as on the command line. */
export function flatten(config: RunConfig): Record<string, string> {
  const out: Record<string, string> = {};
  const isPart = (value: unknown): value is {name: string; options: Record<string, unknown>} =>
    typeof value === 'object' && value !== null && 'name' in value && 'options' in value;
  const options = (prefix: string, values: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(values)) set(`${prefix}.${key}`, value);
  };
  const set = (key: string, value: unknown): void => {
    if (isPart(value)) {
      out[key] = value.name;
      options(key, value.options);
    } else if (Array.isArray(value)) {
      const parts = value.filter(isPart);
      out[key] = parts.map(({name}) => name).join(', ') || 'none';
      for (const part of parts) options(`${key}.${part.name}`, part.options);
    } else if (typeof value === 'object' && value !== null) options(key, value as Record<string, unknown>);
    else out[key] = String(value);
  };
  for (const [key, value] of Object.entries(config)) set(key, value);
  return out;
}
