import {compareSeries} from '../../golden/compare.js';
import type {Device} from '../../../backends/device.js';
import type {Check} from '../check.js';
import {smallTraining} from '../small-training.js';
import {recordedTraining as recorded} from '../training-recording.js';

/**
 * Relative: rounding differs from device to device, and 20 updates of Adam, which divides by small roots, carry it on.
 * Devices that round the factors of products say so (`info.precision`). Factors rounded on the wasm backend lay at most
 * 1.3e-2 (tf32, 10 bits) and 2.5e-2 (bf16, 7 bits) away.
 */
export function trainingBound({precision}: Device['info']): number {
  const [rounded = ''] = String(precision).split(' '); // some add by which instructions
  return {tf32: 4e-2, fp16: 4e-2, bf16: 8e-2}[rounded] ?? 1e-3;
}

export const training: Check[] = [
  {
    group: 'training',
    title: `${recorded.losses.length} steps as recorded`,
    async run(session) {
      const bound = trainingBound((await session.device()).info);
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
