import {flatConfig} from '../../options/flat-config.js';
import {markup, table, textOf, type Content, type Html} from './html.js';
import type {RunRecord} from './read-run.js';

/** Every value of the configuration with where it came from: first those that somebody chose, then the defaults. */
export function configurationSection({config, origins}: RunRecord): Html {
  const rows = [...flatConfig(config)].map(([key, value]) => ({key, value, origin: origins[key] ?? ''}));
  const isDefault = ({origin}: {origin: string}): boolean => textOf(origin).startsWith('default');
  const cells = (chosen: typeof rows): Content[][] =>
    chosen.map(({key, value, origin}) => [markup`<code>${key}</code>`, textOf(value), textOf(origin)]);
  const headings = ['key', 'value', 'from'];
  const defaults = rows.filter(isDefault);
  return markup`<section id="configuration"><h2>Configuration</h2>
${table(headings, cells(rows.filter((row) => !isDefault(row))))}
${defaults.length === 0 ? undefined : markup`<details><summary>${defaults.length} defaults</summary>${table(headings, cells(defaults))}</details>`}</section>`;
}
