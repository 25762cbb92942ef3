import type {BenchResult} from '../types.js';
import {cell, columnTitle, columnsOf} from './cells.js';
import {detailLines} from './text.js';

/** The result as a section of a document: a line for each metric, a column for each backend. */
export function benchMarkdown(result: BenchResult): string {
  const measured = result.rows.filter((row) => row.ok);
  const failed = result.rows.filter((row) => !row.ok);
  const line = (cells: string[]): string => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
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
      ({backend, why, fix}) => `- ${backend}: not measured: ${why}${fix === undefined ? '' : `; try: ${fix}`}`,
    ),
    ...(failed.length === 0 ? [] : ['']),
    '```',
    ...detailLines(result),
    '```',
    '',
  ].join('\n');
}
