import {sizeText} from '../../options/image-size.js';
import {metrics} from '../metrics.js';
import type {BenchResult} from '../types.js';
import {cell, columnsOf, infoText, shapeLines} from './cells.js';

/** The table: a line for each backend, in their order; a backend that was not measured says why, and what to do. */
export function benchLines(
  {rows}: BenchResult,
  table: (header: readonly string[], rows: readonly (readonly string[])[]) => string[],
): string[] {
  const columns = columnsOf(rows);
  const measured = rows.filter((row) => row.ok);
  const width = Math.max(0, ...rows.map(({backend}) => backend.length));
  const [header, ...lines] = table(
    ['backend'.padEnd(width), ...columns.map((name) => metrics[name].column)],
    measured.map((row) => [row.backend, ...columns.map((name) => cell(name, row.metrics[name]))]),
  );
  const body = rows.flatMap((row): string[] => {
    if (row.ok) return [lines.shift()!];
    const indent = ' '.repeat(Math.max(width, 'backend'.length));
    return [
      `${row.backend.padEnd(indent.length)}  not measured: ${row.why}`,
      ...(row.fix === undefined ? [] : [`${indent}  try: ${row.fix}`]),
    ];
  });
  return [...(measured.length === 0 ? [] : [header!]), ...body];
}

/** Environment, job, devices and shapes, line by line. */
export function detailLines({environment, job, rows}: BenchResult): string[] {
  const {config, steps} = job;
  const counts = rows.flatMap((row) => (row.ok ? [row.rounds] : []));
  const rounds = [...new Set([Math.min(...counts), Math.max(...counts)])].join(' to ');
  return [
    `${config.arch.name}, ${sizeText(config.size)}x${config.channels}, batch ${config.batchSize}, loss ${config.loss.name}, ${config.opt.name}; ${counts.length === 0 ? 'no' : rounds} rounds of ${steps} steps`,
    Object.entries(environment)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    ...rows.flatMap((row) =>
      row.ok ? [`${row.backend}: ${infoText(row)}`, ...shapeLines(row).map((line) => `  ${line}`)] : [],
    ),
  ];
}
