import type {GANTrainer} from '../callbacks/gan-trainer.js';
import type {GANLoss} from '../losses/gan-loss.js';
import {LossMetric, type Metric} from './metric.js';

/** The columns gen_loss and crit_loss of a GAN's epoch row. */
export function ganLossMetrics(loss: GANLoss, trainer: () => GANTrainer): Metric[] {
  const column = (name: string, mode: 'generator' | 'critic'): Metric =>
    new LossMetric(name, ({value}, {policies}) => {
      if (policies.lossColumns === 'latest') return (mode === 'generator' ? loss.genLoss : loss.critLoss) ?? 0;
      return trainer().readMode === mode ? value : undefined;
    });
  return [column('gen_loss', 'generator'), column('crit_loss', 'critic')];
}
