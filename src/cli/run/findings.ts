import type {Finding} from '../../runs/watch/finding.js';
import type {Found} from '../../runs/metrics-log.js';

const tried = (advice: readonly string[]): string => (advice.length === 0 ? '' : ` Try ${advice.join(', or ')}.`);

/** A finding that begins, or is over, in one line. */
export const findingLine = ({what, state, measured, advice}: Finding): string =>
  state === 'over' ? `no longer: ${what}.` : `${what}: ${measured}.${tried(advice)}`;

/** When a finding was there. */
export const whenFound = ({since, over}: Found): string =>
  over === undefined ? `since step ${since}` : `step ${since} to ${over}`;

/** The same finding as part of a run's history. */
export const foundLine = (found: Found): string =>
  `${whenFound(found)}: ${found.what}: ${found.measured}.${found.over === undefined ? tried(found.advice) : ''}`;
