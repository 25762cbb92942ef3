/** What `stopWhen` says: `collapse,diverged`, `plateau`, `plateau:swd`, `swd<0.02`; one condition is enough. */
import {GanError} from '../errors.js';
import {didYouMean} from './nearest.js';

/** The findings of the watch over a training. */
export const findingNames = ['collapse', 'critic-won', 'critic-lost', 'diverged', 'overfitting'] as const;
export type FindingName = (typeof findingNames)[number];

export type StopCondition =
  | {type: 'finding'; name: FindingName}
  /** Without a metric: that of `keepBest`, or the only one. */
  | {type: 'plateau'; metric?: string}
  | {type: 'target'; metric: string; sign: '<' | '>'; value: number};

/** The conditions of a text. @throws GanError GAN_CONFIG_VALUE that says what is wrong with which */
export function parseStopWhen(text: string): StopCondition[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseCondition);
}

function parseCondition(text: string): StopCondition {
  const finding = findingNames.find((name) => name === text);
  if (finding) return {type: 'finding', name: finding};
  const [head, metric, ...rest] = text.split(':');
  if (head === 'plateau' && metric !== '' && rest.length === 0)
    return {type: 'plateau', ...(metric !== undefined && {metric})};
  const target = /^([^<>\s]+)\s*([<>])\s*(\S+)$/.exec(text);
  const value = Number(target?.[3]);
  if (target && Number.isFinite(value))
    return {type: 'target', metric: target[1]!, sign: target[2] as '<' | '>', value};
  const known = [...findingNames, 'plateau'];
  const near = didYouMean(text, known);
  throw new GanError('config', 'GAN_CONFIG_VALUE', `stopWhen: '${text}' is no condition`, {
    suggestions: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `Conditions: ${known.join(', ')}, plateau:METRIC, METRIC<VALUE, METRIC>VALUE; separated by commas.`,
    ],
  });
}

/** The metrics that conditions name. */
export const metricsOf = (conditions: readonly StopCondition[]): string[] =>
  conditions.flatMap((condition) =>
    'metric' in condition && condition.metric !== undefined ? [condition.metric] : [],
  );
