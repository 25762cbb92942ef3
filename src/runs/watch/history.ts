import type {Finding} from './finding.js';

/** A finding from its beginning to its end. */
export interface Found extends Omit<Finding, 'state'> {
  /** Step at which it was told. */
  seen: number;
  /** Step at which it was over; absent while it is not. */
  over?: number;
}

/** Adds what a line of the log tells about a finding to those of the lines before. */
export function addFinding(found: Found[], step: number, {state, ...finding}: Finding): void {
  if (state === 'seen') found.push({...finding, seen: step});
  const open = found.findLast(({name, over}) => name === finding.name && over === undefined);
  if (state === 'over' && open) open.over = step;
}
