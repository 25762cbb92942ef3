import {collectiveKernels} from '../fused/all-reduce.js';
import {inputsOf, type CapturedStep, type KernelCall} from './captured-step.js';

/** Whether a step exchanges with other processes, which no device can record. */
export const isCollective = ({calls}: Pick<CapturedStep, 'calls'>): boolean =>
  calls.some(({name}) => name === collectiveKernels.begin);

/**
 * The same step, in which each exchange with other processes begins as soon as its inputs are there: while gradients of
 * the first layers are computed, those of the last are on their way. Exchanges begin in their old order, as they do in
 * processes that repeat nothing; all other calls stay in theirs.
 */
export function withEarlyCalls(step: CapturedStep): CapturedStep {
  if (!isCollective(step)) return step;
  /** After which call, in the old order, a slot is there. */
  const made = new Map<number, number>();
  step.calls.forEach(({outputs}, i) => outputs.forEach(({slot}) => made.set(slot, i)));
  /** By the old call that they come after: what is moved there. -1: the beginning. */
  const moved = new Map<number, KernelCall[]>();
  const left = new Map<number, KernelCall>();
  let earliest = -1;
  step.calls.forEach((call, old) => {
    if (call.name !== collectiveKernels.begin) {
      left.set(old, call);
      return;
    }
    const after = Math.max(earliest, ...inputsOf(call).map(({slot}) => made.get(slot) ?? -1));
    earliest = after;
    moved.set(after, [...(moved.get(after) ?? []), call]);
  });
  const calls = [...(moved.get(-1) ?? [])];
  /** New number of calls after which all of the old ones, up to a number, have been made. */
  const newCount = [calls.length];
  for (let old = 0; old < step.calls.length; old++) {
    const call = left.get(old);
    if (call) calls.push(call);
    calls.push(...(moved.get(old) ?? []));
    newCount.push(calls.length);
  }
  return {...step, calls, assignments: step.assignments.map((one) => ({...one, after: newCount[one.after]!}))};
}
