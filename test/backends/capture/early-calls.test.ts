import {expect} from 'chai';
import type {CapturedStep, KernelCall, Origin} from '../../../dist/backends/capture/captured-step.js';
import {withEarlyCalls} from '../../../dist/backends/capture/early-calls.js';
import type {Variable} from '../../../dist/backends/tf.js';

const view = (slot: number) => ({slot, shape: [1], dtype: 'float32' as const});
const call = (name: string, inputs: number[], outputs: number[]): KernelCall => ({
  name,
  inputs: Object.fromEntries(inputs.map((slot, i) => [`x${i}`, view(slot)])),
  attrs: undefined,
  outputs: outputs.map((slot) => ({...view(slot), shared: false})),
});
const variable = {id: 1} as unknown as Variable;

/** A backward pass of two layers, the exchange of both gradients, and an update. */
const step: CapturedStep = {
  origins: Array.from({length: 8}, (): Origin => ({kind: 'kernel'})),
  calls: [
    call('LastLayer', [], [0]),
    call('Statistics', [], [1]),
    call('FirstLayer', [0], [2]),
    call('AllReduceBegin', [0], [3]),
    call('AllReduceBegin', [2, 1], [4]),
    call('AllReduceEnd', [3], [5]),
    call('AllReduceEnd', [4], [6]),
    call('Update', [5, 6], [7]),
  ],
  host: [],
  assignments: [
    {variable, view: view(1), after: 2},
    {variable, view: view(7), after: 8},
  ],
  results: [view(7)],
};

describe('exchanges in a captured step', () => {
  it('begin as soon as their inputs are there, in their order', () => {
    const {calls, assignments, results} = withEarlyCalls(step);
    expect(calls.map(({name, outputs}) => `${name} ${outputs[0]!.slot}`)).to.deep.equal([
      'LastLayer 0',
      'AllReduceBegin 3',
      'Statistics 1',
      'FirstLayer 2',
      'AllReduceBegin 4',
      'AllReduceEnd 5',
      'AllReduceEnd 6',
      'Update 7',
    ]);
    expect(assignments.map(({after}) => after)).to.deep.equal([3, 8]);
    expect(results).to.deep.equal(step.results);
  });

  it('begin before what they do not need; what no exchange needs stays in its place', () => {
    const generator: CapturedStep = {
      ...step,
      origins: Array.from({length: 11}, (): Origin => ({kind: 'kernel'})),
      calls: [
        call('Forward', [], [0]),
        call('Shown', [0], [1]),
        call('LastSlopes', [0], [2]),
        call('LastWeights', [2], [3]),
        call('FirstSlopes', [2], [4]),
        call('FirstWeights', [4], [5]),
        call('AllReduceBegin', [5], [6]), // the largest is the first
        call('AllReduceBegin', [3], [7]),
        call('AllReduceEnd', [6], [8]),
        call('AllReduceEnd', [7], [9]),
        call('Update', [8, 9], [10]),
      ],
      assignments: [
        {variable, view: view(0), after: 1},
        {variable, view: view(3), after: 4},
        {variable, view: view(10), after: 11},
      ],
      results: [view(1)],
    };
    const {calls, assignments} = withEarlyCalls(generator);
    expect(calls.map(({outputs}) => outputs[0]!.slot)).to.deep.equal([0, 1, 2, 4, 5, 6, 3, 7, 8, 9, 10]);
    // after their values are there, and after all that was before them
    expect(assignments.map(({after}) => after)).to.deep.equal([1, 7, 11]);
  });

  it('do not overtake one another: other processes may repeat nothing', () => {
    const late = {...step, calls: [...step.calls]};
    [late.calls[3], late.calls[4]] = [step.calls[4]!, step.calls[3]!];
    const begun = withEarlyCalls(late).calls.filter(({name}) => name === 'AllReduceBegin');
    expect(begun.map(({outputs}) => outputs[0]!.slot)).to.deep.equal([4, 3]);
  });

  it('leave a step without them alone', () => {
    const alone = {...step, calls: step.calls.slice(0, 3), assignments: [], results: []};
    expect(withEarlyCalls(alone)).to.equal(alone);
  });
});
