import type {GANLoss} from '../losses/gan-loss.js';
import type {Turn} from '../switchers/switcher.js';
import {LossMetric, type Metric} from './metric.js';

/** The columns gen_loss and crit_loss of a GAN's epoch row. */
export function ganLossMetrics(loss: GANLoss): Metric[] {
  const column = (name: string, network: Turn): Metric =>
    new LossMetric(name, ({value, turn}, {policies}) => {
      if (policies.lossColumns === 'latest') return (network === 'generator' ? loss.genLoss : loss.critLoss) ?? 0;
      return turn === network ? value : undefined;
    });
  return [column('gen_loss', 'generator'), column('crit_loss', 'critic')];
}
