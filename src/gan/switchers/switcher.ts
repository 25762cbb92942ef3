/** A switcher decides who trains next. It is called after every training step. */

/** The network that is trained. */
export type Turn = 'critic' | 'generator';

/** The arguments of a switcher. */
export interface SwitcherFacts {
  /** The network that was trained in the step just done. */
  last: Turn;
  /** How many steps in a row `last` has had, this one included. */
  run: number;
  /** Steps of the other network since the switcher was reset. */
  otherSteps: number;
  /**
   * The loss of the step just done: as computed on its batch, not smoothed. NaN for a switcher with `readsLoss: false`.
   */
  loss: number;
}

/** Names the network to train in the next step. State to resume, if any, goes through `save` and `load`. */
export interface Switcher {
  (facts: SwitcherFacts): Turn;
  /** False: it never looks at `loss`, so that training need not wait for it. */
  readsLoss?: boolean;
  /** The state for resuming, as JSON, or a promise of it. */
  save?(): unknown;
  load?(state: unknown): void;
}

/** The other network. */
export const other = (turn: Turn): Turn => (turn === 'critic' ? 'generator' : 'critic');
