import type {Callback} from '../gan/callback.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import {isBetter, type NamedImageMetric} from '../gan/metrics/image-metrics.js';
import {checkBest, type BestCheckpoint, type RunFolder} from './run-folder.js';
import type {WriteCheckpoint} from './save-at-fault.js';

const name = 'keep-best';

/**
 * Keeps the checkpoint of the epoch at whose end a metric was best. Of a run that goes on, what was best before counts,
 * unless that was another metric.
 * @param write writes a checkpoint of now, unless there is one
 * @param checkpoint the one that the run goes on from; it knows the best one up to then, itself included
 */
export async function keepBest(
  folder: RunFolder,
  {name: metric, better}: NamedImageMetric,
  write: WriteCheckpoint,
  checkpoint?: Checkpoint,
): Promise<Callback> {
  const written = await folder.bestSoFar();
  const before = (await recall(folder, checkpoint?.callbacks[name], written)) ?? written;
  let best = before?.metric === metric ? before : undefined;
  return {
    name,
    runAfter: ['image-metrics', 'write-checkpoints'],
    runBefore: ['report-progress'],
    async afterEpoch(learn) {
      const {columns, rows} = learn.recorder!;
      const value = rows.at(-1)?.values[columns.indexOf(metric) - 1] ?? NaN;
      const isBest = Number.isFinite(value) && (best === undefined || isBetter(better, value, best.value));
      if (!isBest) return;
      best = {step: learn.step, metric, value};
      await write(learn, {epoch: learn.epoch + 1, batch: 0, step: learn.step});
      await folder.writeBest(best);
    },
    save: () => best ?? null,
  };
}

/** What a checkpoint says was best. A crash may have come before that was written down. */
async function recall(
  folder: RunFolder,
  saved: unknown,
  written: BestCheckpoint | undefined,
): Promise<BestCheckpoint | undefined> {
  if (saved === undefined || saved === null) return undefined;
  const best = checkBest(saved, name);
  if (!(await folder.checkpointSteps()).includes(best.step)) return undefined;
  if (written?.step !== best.step) await folder.writeBest(best);
  return best;
}
