import type {BenchResult} from '../types.js';
import {cell, columnTitle, columnsOf} from './cells.js';
import {detailLines} from './text.js';

/** The result as a section of a document: a line for each metric, a column for each backend. */
export function benchMarkdown(result: BenchResult): string {
  const measured = result.rows.filter((row) => row.ok);
  const failed = result.rows.filter((row) => !row.ok);
  const line = (cells: string[]): string =>
    `| ${cells.map((text) => inert(text).replaceAll('|', '\\|')).join(' | ')} |`;
  const details = detailLines(result).map(oneLine);
  const fence = '`'.repeat(Math.max(3, ...details.map((text) => 1 + longestTicks(text))));
  const table =
    measured.length === 0
      ? []
      : [
          line(['', ...measured.map(({backend}) => backend)]),
          line(['---', ...measured.map(() => '---:')]),
          ...columnsOf(measured).map((name) =>
            line([columnTitle(name), ...measured.map((row) => cell(name, row.metrics[name]))]),
          ),
          '',
        ];
  return [
    ...table,
    ...failed.map(
      ({backend, why, fix}) =>
        `- ${inert(backend)}: not measured: ${inert(why)}${fix === undefined ? '' : `; try: ${inert(fix)}`}`,
    ),
    ...(failed.length === 0 ? [] : ['']),
    fence,
    ...details,
    fence,
    '',
  ].join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ');

/** Text that is neither HTML nor a link or a picture, whatever shows the document. */
const inert = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[`[\]]/g, '\\$&');

const longestTicks = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
