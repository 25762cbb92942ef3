import type {CheckResult} from '../../testing/conformance/check.js';
import {table} from './format.js';

/** A group of the kit in numbers. */
export interface GroupSummary {
  group: string;
  checks: number;
  passed: number;
  failed: number;
  skipped: number;
  exempt: number;
  /** The largest share of its tolerance that a measured deviation took; absent where nothing is measured. */
  worst?: {title: string; value: number; bound: number};
  seconds: number;
}

export function summarise(results: readonly CheckResult[]): GroupSummary[] {
  return [...new Set(results.map(({group}) => group))].map((group) => {
    const mine = results.filter((result) => result.group === group);
    const count = (state: CheckResult['state']): number => mine.filter((result) => result.state === state).length;
    const measured = mine.flatMap(({title, deviations}) => deviations.map(({value, bound}) => ({title, value, bound})));
    const worst = measured.reduce<GroupSummary['worst']>(
      (a, b) => (a && a.value / a.bound >= b.value / b.bound ? a : b),
      undefined,
    );
    return {
      group,
      checks: mine.length,
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
      exempt: count('exempt'),
      seconds: mine.reduce((sum, {milliseconds}) => sum + milliseconds, 0) / 1000,
      ...(worst && {worst}),
    };
  });
}

/** The table for people: a line for each group. The worst deviation is the one that took most of its tolerance. */
export function conformanceTable(groups: readonly GroupSummary[]): string[] {
  const rows = groups.map(({group, checks, passed, worst, seconds}) => [
    group,
    String(checks),
    String(passed),
    worst ? worst.value.toExponential(1) : '-',
    worst ? worst.bound.toExponential(1) : '-',
    `${seconds.toFixed(1)} s`,
    worst && worst.value > 0 ? worst.title : '',
  ]);
  return table(['group', 'checks', 'passed', 'worst deviation', 'allowed', 'time', 'where'], rows);
}

/** A line for each check that did not pass. */
export function notPassed(results: readonly CheckResult[]): string[] {
  return results
    .filter(({state}) => state !== 'passed')
    .map(({state, group, title, why}) => `${state}  ${group}: ${title}\n        ${why}`);
}
