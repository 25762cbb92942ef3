import {flatConfig} from '../../options/flat-config.js';
import type {RunConfig} from '../../options/run-config.js';
import type {RunSummary} from '../../runs/run-summary.js';
import {clock} from '../../options/duration.js';
import {table} from '../text/format.js';
import {foundLine} from './findings.js';

type Plain = string | number | boolean;

/** A key in which two runs differ; null where one of them has it not. */
export interface Difference {
  key: string;
  a: Plain | null;
  b: Plain | null;
}

const progress = ({step, steps}: RunSummary): string => (steps === undefined ? `${step}` : `${step}/${steps}`);
const time = ({seconds}: RunSummary): string => (seconds === undefined ? '-' : clock(seconds));
const loss = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(4);

/** `12.3 MB`, in powers of 1000. */
export function size(bytes: number): string {
  const [unit, divisor] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${(bytes / divisor).toFixed(1)} ${unit}`;
}

/** `2026-01-31 12:00`, in UTC. */
const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** A line for each run. */
export const runsTable = (runs: readonly RunSummary[]): string[] =>
  table(
    ['run', 'data', 'arch', 'loss', 'steps', 'gen_loss', 'crit_loss', 'watch', 'changed (UTC)', 'size'],
    runs.map((run) => [
      run.dir,
      run.config.data,
      run.config.arch.name,
      run.config.loss.name,
      progress(run),
      loss(run.genLoss),
      loss(run.critLoss),
      [...new Set(run.findings.filter(({over}) => over === undefined).map(({name}) => name))].join(',') || '-',
      minute(run.changed),
      size(run.bytes),
    ]),
  );

/** Describes one run. @param origins where each value of its configuration is from, if the run knows */
export function runLines(run: RunSummary, origins: Readonly<Record<string, string>>): string[] {
  const facts = [
    ['run', run.dir],
    ['steps', progress(run)],
    ['epochs', String(run.epochs)],
    ['time', time(run)],
    ['losses', `generator ${loss(run.genLoss)}, critic ${loss(run.critLoss)}`],
    ...Object.entries(run.row ?? {}).map(([name, value]) => [name, loss(value)]),
    ...run.findings.map((found) => [found.name, foundLine(found)]),
    ...(run.stopped === undefined ? [] : [['stopped', run.stopped]]),
    ['checkpoint', run.checkpoints.at(-1) ?? 'none'],
    ...(run.checkpoints.length > 1
      ? [
          [
            'older ones',
            `of the steps ${run.checkpoints
              .slice(0, -1)
              .map((path) => Number(/\d+$/.exec(path)))
              .join(', ')}`,
          ],
        ]
      : []),
    ...(run.best ? [['best', `of step ${run.best.step}: ${run.best.metric} ${loss(run.best.value)}`]] : []),
    ['sample grid', run.sample ?? 'none'],
    ['changed', `${minute(run.changed)} UTC`],
    ['size', size(run.bytes)],
  ];
  const settings = [...flatConfig(run.config)].map(([key, value]) => [key, String(value), origins[key] ?? '']);
  return [...table(['', ''], facts).slice(1), '', ...table(['setting', 'value', 'from'], settings)];
}

/** Keys whose values differ, in the order of the first run. */
export function differences(a: RunConfig, b: RunConfig): Difference[] {
  const valuesOf = (config: RunConfig) => flatConfig(config) as Map<string, Plain>;
  const [left, right] = [valuesOf(a), valuesOf(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key) => ({key, a: left.get(key) ?? null, b: right.get(key) ?? null}))
    .filter((each) => each.a !== each.b);
}

/** The same for people, with what came of it. */
export function diffLines(a: RunSummary, b: RunSummary): string[] {
  const rows = differences(a.config, b.config).map(({key, a: left, b: right}) => [
    key,
    String(left ?? 'none'),
    String(right ?? 'none'),
  ]);
  const columns = [...new Set([...Object.keys(a.row ?? {}), ...Object.keys(b.row ?? {})])];
  const outcome = [
    ['steps', progress(a), progress(b)],
    ['time', time(a), time(b)],
    ...columns.map((name) => [name, loss(a.row?.[name]), loss(b.row?.[name])]),
  ];
  return [
    ...table(['setting', a.dir, b.dir], rows.length === 0 ? [['(none differs)', '', '']] : rows),
    '',
    ...table(['outcome', a.dir, b.dir], outcome),
  ];
}
