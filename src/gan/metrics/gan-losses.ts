import type {GANTrainer} from '../callbacks/gan-trainer.js';
import type {Learner} from '../learner.js';
import type {GANLoss} from '../losses/gan-loss.js';
import {AverageMetric, type Metric} from './metric.js';

/** The columns gen_loss and crit_loss of a GAN's epoch row. */
export function ganLossMetrics(loss: GANLoss, trainer: () => GANTrainer): Metric[] {
  const column = (name: string, mode: 'generator' | 'critic'): Metric =>
    new AverageMetric(name, ({lossValue, policies}: Learner) => {
      if (policies.lossColumns === 'latest') return (mode === 'generator' ? loss.genLoss : loss.critLoss) ?? 0;
      return trainer().lastMode === mode ? lossValue : undefined;
    });
  return [column('gen_loss', 'generator'), column('crit_loss', 'critic')];
}
