import {setImmediate} from 'node:timers/promises';
import type {Callback} from '../gan/callback.js';
import type {GANLearner} from '../gan/gan-learner.js';

/** Part of the wanted time that the device is timed for, and its limits in seconds. */
const share = 0.05;
const [least, most] = [2, 15];
/** Part of the timing that does not count: the first steps compile kernels, fill caches and are recorded. */
const warmUp = 0.4;

/**
 * How many steps a training does in `minutes`, the time of this call included. Times the learner, which is of no use
 * afterwards: it has been trained for 5 % of the time, but for 2 to 15 seconds, and no longer than half of the time.
 * Sample grids, checkpoints and metrics come on top of the time.
 * @returns at least 1
 */
export async function plannedSteps(learn: GANLearner, minutes: number): Promise<number> {
  const wanted = minutes * 60_000;
  const timing = Math.min(Math.max(share * wanted, least * 1000), most * 1000, wanted / 2);
  const began = performance.now();
  let warm: {at: number; step: number} | undefined;
  let last = {at: began, step: 0};
  const clock: Callback = {
    name: 'clock',
    runAfter: ['gan-trainer'],
    afterLossRead({lastLoss}) {
      if (!lastLoss!.training) return;
      last = {at: performance.now(), step: lastLoss!.step};
      if (!warm && last.at - began >= warmUp * timing) warm = last;
    },
    async afterBatch({stop}) {
      await setImmediate(); // steps may follow each other without a turn of the event loop
      if (warm && last.step > warm.step && performance.now() - began >= timing) stop('timed');
    },
  };
  await learn.fit(Number.MAX_SAFE_INTEGER, undefined, {cbs: [clock]});
  const from = warm && last.step > warm.step ? warm : {at: began, step: 0};
  const perStep = (last.at - from.at) / Math.max(1, last.step - from.step);
  return Math.max(1, Math.round((wanted - (performance.now() - began)) / perStep));
}
