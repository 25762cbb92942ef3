import {GanError, isGanError} from '../errors.js';
import {Cancel, type AsyncEvent, type Callback, type InStepEvent} from './callback.js';
import type {Learner} from './learner.js';

/** The callbacks of a learner, in the order in which they run, and the events that they are told of. */
export class CallbackList {
  #given: readonly Callback[] = [];
  #sorted: readonly Callback[] = [];

  /** @throws GanError GAN_CALLBACK_ORDER of `inOrder`; then nothing is added */
  add(...callbacks: readonly Callback[]): void {
    this.#set([...this.#given, ...callbacks]);
  }

  remove(...callbacks: readonly Callback[]): void {
    this.#set(this.#given.filter((callback) => !callbacks.includes(callback)));
  }

  #set(given: readonly Callback[]): void {
    this.#sorted = inOrder(given);
    this.#given = given;
  }

  get sorted(): readonly Callback[] {
    return this.#sorted;
  }

  /**
   * Calls each callback for an event and waits for it. When a step is done, those after one that throws have the
   * event all the same, so that the state is whole and can be saved; then the first error is thrown.
   */
  async tell(event: AsyncEvent, learn: Learner): Promise<void> {
    let failure: {error: unknown} | undefined;
    for (const callback of this.#sorted) {
      try {
        await callback[event]?.(learn);
      } catch (error) {
        if (!(event === 'afterBatch' || event === 'afterLossRead') || endsAtOnce(error)) throw error;
        failure ??= {error};
      }
    }
    if (failure) throw failure.error;
  }

  /** Tells those who keep something of a fit that has failed. */
  async tellFailure(error: unknown, learn: Learner): Promise<void> {
    for (const callback of this.#sorted) {
      try {
        await callback.failed?.(learn, error);
      } catch {
        // the first error counts
      }
    }
  }

  /** Calls each callback for an event inside a step. */
  tellNow(event: InStepEvent, learn: Learner): void {
    for (const callback of this.#sorted) callback[event]?.(learn);
  }

  release(learn: Learner): void {
    for (const callback of this.#sorted) callback.release?.(learn);
  }

  /** The state of callbacks, by their names, for resuming. */
  async save(): Promise<Record<string, unknown>> {
    const saving = this.#sorted.filter(({save}) => save);
    return Object.fromEntries(
      await Promise.all(saving.map(async (callback) => [callback.name, await callback.save!()] as const)),
    );
  }

  load(states: Record<string, unknown>): void {
    for (const callback of this.#sorted)
      if (callback.load && callback.name in states) callback.load(states[callback.name]);
  }
}

/** Errors after which no other callback may see the step: what cancels a phase, and weights that are of no more use. */
export const endsAtOnce = (error: unknown): boolean =>
  error instanceof Cancel || (isGanError(error) && error.kind === 'diverged');

/**
 * Sorts callbacks so that each runs after those of its `runAfter` and before those of its `runBefore`. Among callbacks
 * that may run next, the one that was given first does (fastai's sort_by_run). Names of callbacks that are not there
 * are ignored.
 * @throws GanError GAN_CALLBACK_ORDER when no order satisfies all of them
 */
export function inOrder(given: readonly Callback[]): Callback[] {
  const sorted: Callback[] = [];
  const left = [...given];
  while (left.length > 0) {
    const next = left.findIndex((callback) => !left.some((one) => one !== callback && precedes(one, callback)));
    if (next < 0) throw contradiction(left);
    sorted.push(...left.splice(next, 1));
  }
  return sorted;
}

function precedes(one: Callback, other: Callback): boolean {
  return (other.runAfter?.includes(one.name) ?? false) || (one.runBefore?.includes(other.name) ?? false);
}

/** Follows predecessors from any callback until one comes again: that is a cycle. */
function contradiction(left: readonly Callback[]): GanError {
  const path = [left[0]!];
  for (;;) {
    const last = path.at(-1)!;
    const before = left.find((one) => one !== last && precedes(one, last))!;
    const from = path.indexOf(before);
    path.push(before);
    if (from < 0) continue;
    const names = path.slice(from).map(({name}) => `'${name}'`);
    return new GanError(
      'usage',
      'GAN_CALLBACK_ORDER',
      `the callbacks cannot be put in order: ${names.join(' has to run after ')}`,
      {suggestions: ['change runAfter or runBefore of one of them']},
    );
  }
}
