import type {FindingKind} from './finding.js';
import {short} from './statistics.js';

/** Below these shares of the data's diversity the images are all alike, whatever they were before. */
const alike = 0.05;
/** A fall is one to below this share of the data's, and below that share of the run's own peak. */
const [low, fallen] = [0.2, 0.25];

/**
 * The generated images are alike: the mean distance of two of them is small beside that of two real ones, or each has a
 * near twin (a few modes only). Early images are alike in a healthy run, too (0.14 was measured), so what counts is a
 * fall from what the run had reached, or that next to nothing is left.
 */
export const collapse: FindingKind = {
  name: 'collapse',
  what: 'the generated images are alike',
  begins: 3,
  ends: 2,
  judge({looks, peak}) {
    const {diversity, nearest} = looks.at(-1)!;
    const shares = [
      {value: diversity, peak: peak.diversity},
      {value: nearest, peak: peak.nearest},
    ];
    const isIll = shares.some(({value, peak: most}) => value < alike || (value < low && value < fallen * most));
    const isWell = shares.every(({value, peak: most}) => value >= 2 * alike && value >= Math.min(low, 0.4 * most));
    return {
      state: isIll ? 'ill' : isWell ? 'well' : 'unclear',
      measured: `two generated images differ ${short(100 * diversity)} % as much as two real ones, the nearest two ${short(100 * nearest)} %`,
    };
  },
  advise: ({penalty, lr, criticLr, augment}) => [
    `--lr ${short(lr / 2)} --critic-lr ${short(criticLr ?? lr)}`,
    ...(penalty.length > 0 ? [] : ['--penalty r1']),
    ...(augment.some(({name}) => name === 'translation') ? [] : ['--augment color,translation,cutout']),
  ],
};
