import {collectiveKernels} from '../fused/all-reduce.js';
import {inputsOf, type CapturedStep} from './captured-step.js';

/** Whether a step exchanges with other processes, which no device can record. */
export const isCollective = ({calls}: Pick<CapturedStep, 'calls'>): boolean =>
  calls.some(({name}) => name === collectiveKernels.begin);

/**
 * The same step, in which what the first exchange with other processes needs is computed first, then it begins, then
 * what the second needs, and so on: while gradients of one layer are computed, those of another are on their way.
 * Exchanges begin in their old order, as they do in processes that repeat nothing. Calls that no exchange needs stay
 * where they were among the others.
 */
export function withEarlyCalls(step: CapturedStep): CapturedStep {
  if (!isCollective(step)) return step;
  const {calls} = step;
  const needs = neededCalls(step);
  /** For which exchange a call is needed first; none for the rest, which is what is done with the sums. */
  const neededFor = calls.map((): number | undefined => undefined);
  const begins = [...calls.keys()].filter((i) => calls[i]!.name === collectiveKernels.begin);
  /** The last call, in the old order, that an exchange and those before it need. */
  const lasts: number[] = [];
  for (const begin of begins) {
    let last = lasts.at(-1) ?? 0;
    const left = [...needs[begin]!];
    for (let i = left.pop(); i !== undefined; i = left.pop()) {
      if (neededFor[i] !== undefined) continue;
      neededFor[i] = begin;
      last = Math.max(last, i);
      left.push(...needs[i]!);
    }
    lasts.push(last);
  }
  const order: number[] = [];
  const isMade = calls.map(() => false);
  const make = (i: number): void => {
    isMade[i] = true;
    order.push(i);
  };
  begins.forEach((begin, k) => {
    for (let i = 0; i <= lasts[k]!; i++) {
      if (isMade[i] || calls[i]!.name === collectiveKernels.begin) continue;
      const turn = neededFor[i];
      if (turn === undefined ? needs[i]!.every((other) => isMade[other]) : turn <= begin) make(i);
    }
    make(begin);
  });
  for (let i = 0; i < calls.length; i++) if (!isMade[i]) make(i);
  /** New number of calls after which all of the old ones, up to a number, have been made. */
  const newCount = [0];
  const places = calls.map(() => 0);
  order.forEach((old, place) => (places[old] = place));
  for (const place of places) newCount.push(Math.max(newCount.at(-1)!, place + 1));
  return {
    ...step,
    calls: order.map((old) => calls[old]!),
    assignments: step.assignments.map((one) => ({...one, after: newCount[one.after]!})),
  };
}

/** The calls that each call has to come after: those that made its inputs, or looked at them anew, before it. */
function neededCalls({calls}: CapturedStep): number[][] {
  const made = new Map<number, number>();
  return calls.map((call, i) => {
    const needed = new Set(inputsOf(call).flatMap(({slot}) => made.get(slot) ?? []));
    for (const {slot} of call.outputs) made.set(slot, i);
    return [...needed];
  });
}
