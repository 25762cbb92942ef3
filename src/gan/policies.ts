/**
 * Whether to reproduce fastai's faults. The default is the right behaviour; `compat: 'fastai'` reproduces the original.
 * Each difference is one policy, consulted in one place. docs/differences.md gives the reasons.
 */
export type Compat = 'none' | 'fastai';

export interface Policies {
  /**
   * How a step treats parameters without a gradient because their network is frozen. `untouched`: not at all.
   * `zero-gradient`: once they have had a gradient, they take part with a zero gradient, so momentum moves them,
   * averages decay, and weight decay shrinks them.
   */
  frozenInStep: 'untouched' | 'zero-gradient';
  /** Which networks are trainable after a fit: as before it (`restored`), or as the last step left them (`left`). */
  freezing: 'restored' | 'left';
  /**
   * Which network an epoch starts with. `kept`: the one whose turn it is, counters and train/eval modes included.
   * `restarted`: after a validation (an empty one too) the generator, with counters at 0 and both in train mode.
   */
  epochStart: 'kept' | 'restarted';
  /**
   * `eval`: validation and prediction use the generator in eval mode. `switched`: in the mode that switching gives it.
   */
  validation: 'eval' | 'switched';
  /**
   * `after-step`: clip the critic's weights, norm layers apart, after each of its steps. `before-batch`: all of it,
   * before every step.
   */
  clipping: 'after-step' | 'before-batch';
  /**
   * `own-steps`: mean over the steps of that kind. `latest`: at every step the latest value of each kind counts again.
   */
  lossColumns: 'own-steps' | 'latest';
  /**
   * `critic-steps`: exactly the critic's steps use lr * mult. `around-batch`: set before a batch, undone after it if
   * the mode is still critic.
   */
  discriminativeLr: 'critic-steps' | 'around-batch';
  /**
   * The counter that is passed to nCrit or nGen when it is a function. `total`: all steps of the other network.
   * `since-switch`: its steps since the last switch.
   */
  switcherCount: 'total' | 'since-switch';
}

export const policies: Record<Compat, Policies> = {
  none: {
    frozenInStep: 'untouched',
    freezing: 'restored',
    epochStart: 'kept',
    validation: 'eval',
    clipping: 'after-step',
    lossColumns: 'own-steps',
    discriminativeLr: 'critic-steps',
    switcherCount: 'total',
  },
  fastai: {
    frozenInStep: 'zero-gradient',
    freezing: 'left',
    epochStart: 'restarted',
    validation: 'switched',
    clipping: 'before-batch',
    lossColumns: 'latest',
    discriminativeLr: 'around-batch',
    switcherCount: 'since-switch',
  },
};
