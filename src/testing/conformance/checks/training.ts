import {compareSeries} from '../../golden/compare.js';
import type {Check} from '../check.js';
import {smallTraining} from '../small-training.js';
import {recordedTraining as recorded} from '../training-recording.js';

/**
 * Relative: rounding differs from device to device, and 20 updates of Adam, which divides by small roots, carry it on.
 */
const bound = 1e-3;

export const training: Check[] = [
  {
    group: 'training',
    title: `${recorded.losses.length} steps as recorded`,
    async run(session) {
      await session.device();
      const {losses, norms, dispose} = await smallTraining({steps: recorded.losses.length});
      dispose();
      return [
        compareSeries('losses', losses, recorded.losses, bound, 1e-3),
        compareSeries(
          'norms of the parameters',
          [norms.generator, norms.critic],
          [recorded.norms.generator, recorded.norms.critic],
          bound,
          1e-3,
        ),
      ];
    },
  },
];
