import {flatConfig} from '../../options/flat-config.js';
import {table, text} from './html.js';
import type {RunRecord} from './read-run.js';

/** Every value of the configuration with where it came from: first those that somebody chose, then the defaults. */
export function configurationSection({config, origins}: RunRecord): string {
  const rows = [...flatConfig(config)].map(([key, value]) => ({key, value, origin: origins[key] ?? ''}));
  const isDefault = ({origin}: {origin: string}): boolean => origin.startsWith('default');
  const cells = (chosen: typeof rows): string[][] =>
    chosen.map(({key, value, origin}) => [`<code>${text(key)}</code>`, text(value), text(origin)]);
  const headings = ['key', 'value', 'from'];
  const defaults = rows.filter(isDefault);
  return `<section id="configuration"><h2>Configuration</h2>
${table(headings, cells(rows.filter((row) => !isDefault(row))))}
${defaults.length === 0 ? '' : `<details><summary>${defaults.length} defaults</summary>${table(headings, cells(defaults))}</details>`}</section>`;
}
