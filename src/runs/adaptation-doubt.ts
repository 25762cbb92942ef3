import type {RunParts} from '../config/parts.js';
import type {RunConfig} from '../options/run-config.js';

/**
 * A warning where augmentations move their probability by the signs of the critic's scores (ADA, arXiv 2006.06676)
 * under a loss that leaves these signs to chance.
 */
export function adaptationDoubt(
  {loss: {name: loss}}: Pick<RunConfig, 'loss'>,
  parts: Pick<RunParts, 'loss' | 'augmentations'>,
): string | undefined {
  if (!parts.loss.onlyDifferences) return undefined;
  const adapted = parts.augmentations.find((each) => typeof each !== 'function' && each.adapt !== undefined);
  if (!adapted) return undefined;
  const {name} = adapted;
  return (
    `the augmentation ${name} moves its probability by the signs of the critic's scores, but with the loss ${loss} ` +
    `only differences of scores count; --loss logistic gives the signs a meaning, ` +
    `--set augment.${name}.target=0 --set augment.${name}.p=0.3 keeps the probability`
  );
}
