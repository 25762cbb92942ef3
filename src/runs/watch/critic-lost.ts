import type {FindingKind} from './finding.js';
import {mean, short} from './statistics.js';

/** Looks over which the critic's ranking is averaged: that of 32 images has a standard deviation of 0.07 by chance. */
const window = 10;
/** Distance from 0.5 of the share of pairs that are ranked right, on average. */
const chance = 0.05;
/** Looks over which its loss is averaged, and how far above that of guessing it has to be. */
const lossWindow = 5;
const aboveChance = 1.2;

/**
 * The critic cannot tell real from generated images, over a long time: on average it ranks as many pairs wrong as
 * right, or its loss is above that of guessing. The average of rankings needs no side: a critic that tells images
 * apart always errs to the same one. A training that diverges has another trouble.
 */
export const criticLost: FindingKind = {
  name: 'critic-lost',
  what: 'the critic cannot tell real from generated images',
  begins: 3,
  ends: 2,
  judge({looks, levels, active}) {
    if (active.includes('diverged')) return {state: 'unclear', measured: 'the training diverges'};
    const losses = looks.slice(-lossWindow).flatMap(({critic}) => critic?.median ?? []);
    const share =
      levels?.floor === undefined || losses.length < lossWindow
        ? undefined
        : (mean(losses) - levels.floor) / (levels.chance - levels.floor);
    if (share !== undefined && share > aboveChance)
      return {
        state: 'ill',
        measured: `its loss is ${short(100 * share)} % of what guessing costs, on average over ${lossWindow} looks`,
      };
    const last = looks.slice(-window);
    const right = mean(last.map(({scores}) => scores.realAbove));
    const told = Math.max(right, 1 - right);
    const isWell = told > 0.5 + 2 * chance && (share === undefined || share < 1);
    return {
      state: last.length < window ? 'unclear' : told < 0.5 + chance ? 'ill' : isWell ? 'well' : 'unclear',
      measured: `it ranks ${short(100 * told)} % of the pairs of a real and a generated image right, on average over ${last.length} looks; 50 % is chance`,
    };
  },
  advise: ({lr, criticLr, switcher}) => [
    `--critic-lr ${short(Math.max(2 * (criticLr ?? lr), 1e-4))}`,
    ...(switcher.name === 'fixed' ? [`--set switcher.nCrit=${2 * Number(switcher.options['nCrit'] ?? 1)}`] : []),
  ],
};
