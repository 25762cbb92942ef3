import {inputsOf, type Trace} from './trace.js';

/**
 * When what a step makes can be freed: what its kernels make, and what is `transient`, after the last call that reads it, or after which a
 * variable gets it; results at the end. Never later than the step itself frees it.
 * @returns by the number of a call, slots that nothing needs after it
 */
export function freedAfter(
  {origins, calls, assignments, results}: Trace,
  transient: (slot: number) => boolean,
): number[][] {
  const last = new Map<number, number>();
  const needed = (slot: number, call: number): void => {
    if (origins[slot]!.kind === 'kernel' || transient(slot)) last.set(slot, Math.max(last.get(slot) ?? 0, call));
  };
  origins.forEach((_, slot) => transient(slot) && needed(slot, 0));
  calls.forEach((call, i) => [...inputsOf(call), ...call.outputs].forEach(({slot}) => needed(slot, i)));
  for (const {view, after} of assignments) needed(view.slot, after - 1);
  for (const {slot} of results) needed(slot, calls.length - 1);
  const freed = calls.map((): number[] => []);
  for (const [slot, call] of last) freed[call]!.push(slot);
  return freed;
}
