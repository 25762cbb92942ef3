import type {Learner} from './learner.js';

/**
 * The events of a fit, in fastai's order:
 *
 *     beforeFit
 *       beforeEpoch
 *         beforeTrain
 *           { beforeBatch afterPred afterLoss beforeBackward afterBackward beforeStep afterStep afterBatch } ...
 *         afterLossRead afterTrain
 *         beforeValidate { beforeBatch afterPred afterLoss afterBatch } ... afterLossRead afterValidate
 *       afterEpoch
 *     afterFit
 *
 * The value of a loss comes later than its batch: a device computes on while it is read. `afterLossRead` comes once for
 * each batch, in their order, at the latest after the work of the next one has been handed over; `learn.lastLoss` says
 * what was read. Who cannot wait asks for it: `await learn.readLosses()`.
 *
 * A handler gets the learner: its facts (step, epoch, iter, ...) and its verbs (stop, cancel). Those of
 * `InStepEvent` run while the gradient is recorded and must not be async; the others may be.
 */
export type InStepEvent = 'afterPred' | 'afterLoss' | 'beforeBackward' | 'afterBackward' | 'beforeStep' | 'afterStep';
export type Phase = 'Fit' | 'Epoch' | 'Train' | 'Validate' | 'Batch' | 'Step';
export type AsyncEvent =
  | 'beforeFit'
  | 'beforeEpoch'
  | 'beforeTrain'
  | 'beforeBatch'
  | 'afterBatch'
  | 'afterLossRead'
  | 'afterTrain'
  | 'beforeValidate'
  | 'afterValidate'
  | 'afterEpoch'
  | 'afterFit'
  | `afterCancel${Exclude<Phase, 'Step'>}`;

type Handlers = {[E in AsyncEvent]?: (learn: Learner) => void | Promise<void>} & {
  [E in InStepEvent]?: (learn: Learner) => void;
};

export interface Callback extends Handlers {
  /** Names its state in a checkpoint, and names it in `runAfter` and `runBefore` of others. */
  readonly name: string;
  /**
   * Names of callbacks that have each event before this one. Names that are not there are ignored. Where neither list
   * says anything, callbacks run in the order in which they were given.
   */
  readonly runAfter?: readonly string[];
  /** Names of callbacks that have each event after this one. */
  readonly runBefore?: readonly string[];
  /** Called when a fit ends with an error, before `release`: what can be kept of the training can be kept now. */
  failed?(learn: Learner, error: unknown): void | Promise<void>;
  /** Called when a fit, or a validation by itself, is over, even when it ended with an error. */
  release?(learn: Learner): void;
  /** The state for resuming, as JSON, or a promise of it. */
  save?(): unknown;
  load?(state: unknown): void;
}

/**
 * Ends a phase early: what is left of it is skipped, its after-events still run (fastai's CancelFitException and
 * siblings).
 */
export class Cancel extends Error {
  readonly phase: Phase;

  constructor(phase: Phase) {
    super(`cancelled: ${phase}`);
    this.name = 'Cancel';
    this.phase = phase;
  }
}

/** True if an error ends this phase early on purpose. */
export const isCancel = (error: unknown, phase: Phase): boolean => error instanceof Cancel && error.phase === phase;
