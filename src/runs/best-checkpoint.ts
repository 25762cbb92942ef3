import type {Callback} from '../gan/callback.js';
import type {Learner} from '../gan/learner.js';
import {isBetter, type NamedImageMetric} from '../gan/metrics/image-metrics.js';
import type {RunFolder} from './run-folder.js';

/**
 * Keeps the checkpoint of the epoch at whose end a metric was best. Of a run that goes on, what was best before counts,
 * unless that was another metric.
 * @param write writes a checkpoint of now, unless there is one
 */
export async function keepBest(
  folder: RunFolder,
  {name: metric, better}: NamedImageMetric,
  write: (learn: Learner, epoch: number, batch: number) => Promise<void>,
): Promise<Callback> {
  const before = await folder.bestSoFar();
  let best = before?.metric === metric ? before.value : undefined;
  return {
    name: 'keep-best',
    runAfter: ['image-metrics', 'write-checkpoints'],
    runBefore: ['report-progress'],
    async afterEpoch(learn) {
      const {columns, rows} = learn.recorder!;
      const value = rows.at(-1)?.values[columns.indexOf(metric) - 1] ?? NaN;
      const isBest = Number.isFinite(value) && (best === undefined || isBetter(better, value, best));
      if (!isBest) return;
      await write(learn, learn.epoch + 1, 0);
      await folder.writeBest({step: learn.step, metric, value});
      best = value;
    },
  };
}
