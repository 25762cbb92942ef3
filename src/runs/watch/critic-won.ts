import type {FindingKind} from './finding.js';
import {short} from './statistics.js';

/** Share of the way from the loss of a critic that guesses to that of a perfect one which counts as its floor. */
const nearFloor = 0.02;

/**
 * The critic tells all real from all generated images, and its loss is at its floor: what it teaches the generator
 * vanishes (arXiv 1701.04862). A loss without a floor, such as Wasserstein's, is not judged: there a critic that is far
 * ahead is what the method asks for (arXiv 1701.07875, section 3).
 */
export const criticWon: FindingKind = {
  name: 'critic-won',
  what: 'the critic has won',
  begins: 4,
  ends: 2,
  judge({looks, levels}) {
    const {scores, critic} = looks.at(-1)!;
    const told = Math.max(scores.realAbove, 1 - scores.realAbove);
    if (levels?.floor === undefined || !critic) return {state: 'unclear', measured: 'the loss has no floor'};
    const left = (critic.median - levels.floor) / (levels.chance - levels.floor);
    return {
      state: told >= 0.99 && left <= nearFloor ? 'ill' : left >= 3 * nearFloor ? 'well' : 'unclear',
      measured: `it ranks ${short(100 * told)} % of the pairs of a real and a generated image right, and its loss is ${short(100 * left)} % of what guessing costs`,
    };
  },
  advise: ({penalty, lr, criticLr, augment}) => [
    `--critic-lr ${short((criticLr ?? lr) / 4)}`,
    ...(penalty ? [] : ['--penalty r1']),
    ...(augment.some(({name}) => name === 'translation') ? [] : ['--augment color,translation,cutout']),
  ],
};
