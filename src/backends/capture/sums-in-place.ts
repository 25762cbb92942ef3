import {inputsOf, type CapturedStep, type KernelCall, type View} from './captured-step.js';

/**
 * The same step, in which kernels that can (`adds`) add their result to the other term of a sum, in place of that term,
 * and the sum is no call of its own: the gradients of a filter in two passes of a critic. A call that does so has the
 * term as an input more, `sum`, and a result that shares its data with it. Only where nothing else needs either term.
 */
export function withSumsInPlace(step: CapturedStep, adds: ReadonlySet<string>): CapturedStep {
  const {origins} = step;
  const calls = [...step.calls];
  const kept = new Set([...step.assignments.map(({view}) => view.slot), ...step.results.map(({slot}) => slot)]);
  const readers = new Map<number, number[]>();
  const makers = new Map<number, number>();
  step.calls.forEach((call, i) => {
    for (const slot of new Set(inputsOf(call).map((view) => view.slot)))
      readers.set(slot, [...(readers.get(slot) ?? []), i]);
    for (const {slot, shared} of call.outputs) if (!shared) makers.set(slot, i);
  });
  /** Slots whose data is now that of another. */
  const places = new Map<number, number>();
  const gone = new Set<number>();
  const placeOf = (slot: number): number => places.get(slot) ?? slot;

  step.calls.forEach((call, i) => {
    const terms = termsOf(call);
    if (!terms) return;
    // the later term is added to the earlier one
    const [term, last] = terms.sort((a, b) => (makers.get(a.slot) ?? -1) - (makers.get(b.slot) ?? -1)) as [View, View];
    const maker = makers.get(last.slot);
    if (maker === undefined || !adds.has(calls[maker]!.name) || calls[maker]!.outputs.length !== 1) return;
    const isFree =
      origins[term.slot]!.kind === 'kernel' &&
      (makers.get(term.slot) ?? maker) < maker &&
      !kept.has(term.slot) &&
      !kept.has(last.slot) &&
      readers.get(term.slot)!.every((reader) => reader < maker || reader === i) &&
      readers.get(last.slot)!.every((reader) => reader === i);
    if (!isFree) return;
    const [sum] = call.outputs as [KernelCall['outputs'][number]];
    const slot = placeOf(term.slot);
    calls[maker] = {
      ...calls[maker]!,
      inputs: {...(calls[maker]!.inputs as Record<string, View>), sum: {...term, slot}},
      outputs: [{...sum, slot, shared: true}],
    };
    places.set(sum.slot, slot);
    makers.set(sum.slot, maker);
    gone.add(i);
  });
  if (gone.size === 0) return step;

  const moved = <T extends View>(view: T): T => ({...view, slot: placeOf(view.slot)});
  const movedInputs = (inputs: KernelCall['inputs']): KernelCall['inputs'] =>
    Array.isArray(inputs)
      ? inputs.map((view) => view && moved(view))
      : Object.fromEntries(Object.entries(inputs).map(([name, view]) => [name, view && moved(view)]));
  /** Calls that are left, of the first so many. */
  const leftOf = [0];
  for (const i of step.calls.keys()) leftOf.push(leftOf.at(-1)! + (gone.has(i) ? 0 : 1));
  return {
    ...step,
    calls: calls
      .filter((_, i) => !gone.has(i))
      .map((call) => ({...call, inputs: movedInputs(call.inputs), outputs: call.outputs.map(moved)})),
    assignments: step.assignments.map((one) => ({...one, view: moved(one.view), after: leftOf[one.after]!})),
    results: step.results.map(moved),
  };
}

/** The two terms of a sum of float32 tensors of one shape; undefined where the call is something else. */
function termsOf(call: KernelCall): View[] | undefined {
  if (call.name !== 'Add' && call.name !== 'AddN') return undefined;
  const terms = inputsOf(call);
  const shape = terms[0]?.shape.join();
  const isSum =
    terms.length === 2 &&
    terms[0]!.slot !== terms[1]!.slot &&
    terms.every((term) => term.dtype === 'float32' && term.shape.join() === shape);
  return isSum ? terms : undefined;
}
