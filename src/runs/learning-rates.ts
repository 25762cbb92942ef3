import type {Callback} from '../gan/callback.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import type {RunConfig} from '../options/run-config.js';

type Rates = Pick<RunConfig, 'lr' | 'criticLr'>;

const name = 'learning-rates';
const textOf = ({lr, criticLr = lr}: Rates): string => `${lr} ${criticLr}`;

/**
 * Lets a training that goes on have other learning rates than before: the optimizer's state, which a checkpoint holds,
 * has the old ones.
 * @param before the configuration that the checkpoint was made with, where the checkpoint does not say itself
 */
export function changeRates(config: RunConfig, checkpoint: Checkpoint | undefined, before: Rates): Callback {
  let isOther = checkpoint !== undefined && (checkpoint.callbacks[name] ?? textOf(before)) !== textOf(config);
  return {
    name,
    runBefore: ['schedule', 'param-scheduler', 'discriminative-lr'],
    beforeBatch({training, hyperparameters}) {
      if (!training || !isOther) return;
      isOther = false;
      hyperparameters.set('lr', config.lr);
      if (config.criticLr !== undefined) hyperparameters.set('critic.lr', config.criticLr);
    },
    save: () => textOf(config),
  };
}
