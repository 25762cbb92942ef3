import type {FindingKind} from './finding.js';
import {mean, short} from './statistics.js';

const window = 6;

/**
 * The critic knows the training images by heart: it scores held-out images as it scores generated ones. The measure is
 * r_v of ADA (arXiv 2006.06676, equation 1), (E[D(train)] - E[D(held out)]) / (E[D(train)] - E[D(generated)]): 0 is no
 * overfitting, 1 complete. It needs validation data and no side.
 */
export const overfitting: FindingKind = {
  name: 'overfitting',
  what: 'the critic overfits: it knows the training images by heart',
  begins: 3,
  ends: 2,
  judge({looks}) {
    const last = looks
      .slice(-window)
      .flatMap(({scores}) => (scores.heldOut === undefined ? [] : [scores as Required<typeof scores>]));
    if (last.length < window) return {state: 'unclear', measured: 'there are no images held out'};
    const gap = mean(last.map(({real, fake, spread}) => (real - fake) / Math.max(spread, 1e-9)));
    const known = mean(last.map(({real, heldOut, spread}) => (real - heldOut) / Math.max(spread, 1e-9)));
    const share = known / gap;
    return {
      state: Math.abs(gap) < 0.5 ? 'unclear' : share > 0.7 ? 'ill' : share < 0.5 ? 'well' : 'unclear',
      measured: `held-out images score ${short(100 * share)} % of the way from training images to generated ones`,
    };
  },
  advise: ({augment, penalty}) => [
    ...(augment.some(({name}) => name === 'translation') ? [] : ['--augment color,translation,cutout']),
    ...(penalty.length > 0 ? [] : ['--penalty r1']),
  ],
};
