/** Checks of a lost device. They need a backend with `lose`. */
import {isGanError} from '../../../errors.js';
import {tf} from '../../../backends/tf.js';
import {compareArrays} from '../../golden/compare.js';
import {cannotRun, demand, type Check} from '../check.js';
import {tolerances} from '../tolerance.js';

/** A lost device must not be waited for: training would hang for ever. */
const answerMs = 10_000;

export const loss: Check[] = [
  {
    group: 'lifecycle',
    title: 'a lost device says so at once, whatever is asked of it, and can be opened again',
    async run(session) {
      const device = await session.device();
      if (!device.lose) cannotRun('nothing can make this device be lost');
      const result = tf.tidy(() => tf.square(tf.ones([40, 40])));
      await device.lose();
      await expectLoss('reading', () => result.data());
      await expectLoss('waiting', () => device.sync());
      await expectLoss('computing and reading', async () => {
        const product = tf.tidy(() => tf.matMul(tf.ones([4, 4]), tf.ones([4, 4])));
        return product.data();
      });
      result.dispose();
      await session.close();
      await session.device();
      const sum = tf.tidy(() => tf.sum(tf.ones([5])));
      const data = (await sum.data()) as Float32Array;
      sum.dispose();
      return [compareArrays('a sum after it was opened again', data, [5], tolerances.rounded.values)];
    },
  },
];

async function expectLoss(what: string, ask: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), answerMs)));
  const answer = await Promise.race([
    Promise.resolve()
      .then(ask)
      .then(
        () => 'answered' as const,
        (error: unknown) => ({error}),
      ),
    late,
  ]);
  clearTimeout(timer);
  demand(answer !== 'late', `${what}: there is no answer within ${answerMs / 1000} s`);
  demand(answer !== 'answered', `${what}: it answers as if nothing were wrong`);
  const {error} = answer;
  demand(
    isGanError(error) && error.code === 'GAN_DEVICE_LOST' && error.kind === 'backend',
    `${what}: the error is no GanError GAN_DEVICE_LOST of the kind backend, but ${String(error)}`,
  );
}
