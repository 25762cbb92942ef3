/** The device that the tests of the library run on, and how close its numbers must be. */
import {expect} from 'chai';
import {openBackend, tf, type Device, type Tensor} from 'gankit';

/** `GAN_TEST_BACKEND` names another backend to run the same tests on. */
export const backendName = process.env['GAN_TEST_BACKEND'] ?? 'wasm';

/**
 * Opens the device for a suite, and frees after each test what it has left: tensors and the variables of its networks.
 */
export function withDevice(): void {
  let device: Device | undefined;
  let earlier: Set<string>;
  before(async () => {
    device = await openBackend(backendName);
  });
  after(() => device?.close());
  beforeEach(() => {
    earlier = new Set(Object.keys(tf.engine().state.registeredVariables));
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    for (const [name, variable] of Object.entries(tf.engine().state.registeredVariables))
      if (!earlier.has(name)) variable.dispose();
  });
}

/**
 * A deviation may reach `rel` of the wanted number plus `abs` of the largest one in its tensor (of 0.01 where all are
 * smaller: tests work with numbers around 1).
 */
export interface Tolerance {
  rel: number;
  abs: number;
}

/**
 * - `exact`: the same float32 operations, perhaps in another order: a few units in the last place;
 * - `sum`: sums of up to some hundred products in float32 against float64;
 * - `gradient`: those, back through norms, where differences of nearly equal numbers lose two digits.
 */
export type Operation = 'exact' | 'sum' | 'gradient';

const onCpu: Record<Operation, Tolerance> = {
  exact: {rel: 1e-6, abs: 1e-7},
  sum: {rel: 1e-5, abs: 3e-6},
  gradient: {rel: 1e-4, abs: 3e-5},
};

/** Devices whose arithmetic is not that of a CPU have entries of their own. */
const byBackend: Record<string, Record<Operation, Tolerance>> = {};

export const toleranceOf = (operation: Operation): Tolerance => (byBackend[backendName] ?? onCpu)[operation];

/** Compares numbers, or the values of a tensor, with what they should be. */
export function expectClose(
  got: Tensor | ArrayLike<number> | number,
  wanted: ArrayLike<number> | number,
  operation: Operation = 'sum',
  what = 'value',
): void {
  const [actual, target] = [numbersOf(got), numbersOf(wanted)];
  expect(actual.length, `${what}: how many`).to.equal(target.length);
  const {rel, abs} = toleranceOf(operation);
  const largest = target.reduce((max, value) => Math.max(max, Math.abs(value)), 0.01);
  target.forEach((value, i) => {
    const distance = Math.abs(actual[i]! - value);
    if (!(distance <= rel * Math.abs(value) + abs * largest))
      expect.fail(`${what}: element ${i} is ${actual[i]}, wanted ${value} (the largest is ${largest})`);
  });
}

function numbersOf(given: Tensor | ArrayLike<number> | number): number[] {
  if (typeof given === 'number') return [given];
  return Array.from('dataSync' in given ? given.dataSync() : given);
}
