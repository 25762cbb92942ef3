import {expect} from 'chai';
import type {CapturedStep, KernelCall, Origin} from '../../../dist/backends/capture/captured-step.js';
import {withSumsInPlace} from '../../../dist/backends/capture/sums-in-place.js';
import type {Variable} from '../../../dist/backends/tf.js';

const view = (slot: number, shape = [2]) => ({slot, shape, dtype: 'float32' as const});
const call = (name: string, inputs: number[], output: number): KernelCall => ({
  name,
  inputs: Object.fromEntries(inputs.map((slot, i) => [`x${i}`, view(slot)])),
  attrs: undefined,
  outputs: [{...view(output), shared: false}],
});
const variable = {id: 1} as unknown as Variable;
const adds = new Set(['Gradient']);

/** A step in which slot 0 is given, and all others are made by calls. Its result is that of the last call. */
const stepOf = (calls: KernelCall[], assigned: number[] = []): CapturedStep => ({
  origins: [
    {kind: 'given', index: 0, shape: [2], dtype: 'float32'},
    ...Array.from({length: 12}, (): Origin => ({kind: 'kernel'})),
  ],
  calls,
  host: [],
  assignments: assigned.map((slot) => ({variable, view: view(slot), after: calls.length})),
  results: [view(calls.at(-1)!.outputs[0]!.slot)],
});

const lines = ({calls}: CapturedStep): string[] =>
  calls.map(({name, inputs, outputs}) => {
    const read = Object.entries(inputs as Record<string, {slot: number}>).map(([key, {slot}]) => `${key} ${slot}`);
    return `${name} (${read.join(', ')}) -> ${outputs[0]!.slot}${outputs[0]!.shared ? ', in place' : ''}`;
  });

describe('sums in a captured step', () => {
  it('of two passes are added by the later kernel, in the place of the earlier result', () => {
    const step = stepOf(
      [
        call('Gradient', [0], 1),
        call('Slopes', [0], 2),
        call('Gradient', [2], 3),
        call('Add', [1, 3], 4),
        call('Update', [4], 5),
      ],
      [5],
    );
    const made = withSumsInPlace(step, adds);
    expect(lines(made)).to.deep.equal([
      'Gradient (x0 0) -> 1',
      'Slopes (x0 0) -> 2',
      'Gradient (x0 2, sum 1) -> 1, in place',
      'Update (x0 1) -> 5',
    ]);
    expect(made.assignments[0]!.after).to.equal(4);
    expect(made.results).to.deep.equal(step.results);
    expect(lines(step)).to.have.length(5); // what it was made of is as it was
  });

  it('of three passes, in either order of the terms, and of a gradient and another kernel', () => {
    const three = stepOf([
      call('Gradient', [0], 1),
      call('Gradient', [0], 2),
      call('Add', [2, 1], 3),
      call('Gradient', [0], 4),
      call('AddN', [3, 4], 5),
    ]);
    const made = withSumsInPlace(three, adds);
    expect(lines(made)).to.deep.equal([
      'Gradient (x0 0) -> 1',
      'Gradient (x0 0, sum 1) -> 1, in place',
      'Gradient (x0 0, sum 1) -> 1, in place',
    ]);
    expect(made.results).to.deep.equal([view(1)]);
    const other = stepOf([call('Other', [0], 1), call('Gradient', [0], 2), call('Add', [1, 2], 3)]);
    expect(lines(withSumsInPlace(other, adds))).to.deep.equal([
      'Other (x0 0) -> 1',
      'Gradient (x0 0, sum 1) -> 1, in place',
    ]);
  });

  const left: [what: string, step: CapturedStep][] = [
    [
      'the later term is no kernel that adds',
      stepOf([call('Gradient', [0], 1), call('Other', [0], 2), call('Add', [1, 2], 3)]),
    ],
    ['a term is given', stepOf([call('Gradient', [0], 1), call('Add', [0, 1], 2)])],
    ['both terms are one', stepOf([call('Gradient', [0], 1), call('Add', [1, 1], 2)])],
    [
      'the earlier term is read later',
      stepOf([call('Gradient', [0], 1), call('Gradient', [0], 2), call('Add', [1, 2], 3), call('Length', [1], 4)]),
    ],
    [
      'the earlier term is read between',
      stepOf([call('Gradient', [0], 1), call('Gradient', [0], 2), call('Length', [1], 3), call('Add', [1, 2], 4)]),
    ],
    [
      'the later kernel itself reads the earlier term',
      stepOf([call('Gradient', [0], 1), call('Gradient', [1], 2), call('Add', [1, 2], 3)]),
    ],
    [
      'the later term is read by another call',
      stepOf([call('Gradient', [0], 1), call('Gradient', [0], 2), call('Length', [2], 3), call('Add', [1, 2], 4)]),
    ],
    [
      'a term is what the step leaves in a variable',
      stepOf([call('Gradient', [0], 1), call('Gradient', [0], 2), call('Add', [1, 2], 3)], [2]),
    ],
    [
      'there are three terms',
      stepOf([
        call('Gradient', [0], 1),
        call('Gradient', [0], 2),
        call('Gradient', [0], 3),
        call('AddN', [1, 2, 3], 4),
      ]),
    ],
  ];
  for (const [what, step] of left)
    it(`stay as they are where ${what}`, () => expect(withSumsInPlace(step, adds)).to.equal(step));

  it('stay as they are where one term is repeated along the other', () => {
    const step = stepOf([call('Gradient', [0], 1), call('Gradient', [0], 2), call('Add', [1, 2], 3)]);
    (step.calls[2]!.inputs as Record<string, unknown>)['x0'] = view(1, [1]);
    expect(withSumsInPlace(step, adds)).to.equal(step);
  });
});
