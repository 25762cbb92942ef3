import type {Callback} from '../gan/callback.js';
import type {Checkpoint, Position} from '../gan/checkpoint.js';
import {isBetter, type NamedImageMetric} from '../gan/metrics/image-metrics.js';
import {isLastOfFit} from './run-callbacks.js';
import type {RunFolder} from './run-folder.js';
import type {WriteCheckpoint} from './save-at-fault.js';

/**
 * Keeps the checkpoint of the epoch at whose end a metric was best. Of a run that goes on, what was best before counts,
 * unless that was another metric.
 * @param write writes a checkpoint of now, unless there is one
 * @param checkpoint the one that the run goes on from: it may be the best, and a crash have come before that was noted
 */
export async function keepBest(
  folder: RunFolder,
  {name: metric, better}: NamedImageMetric,
  write: WriteCheckpoint,
  checkpoint?: Checkpoint,
): Promise<Callback> {
  const before = await folder.bestSoFar();
  let best = before?.metric === metric ? before : undefined;
  if (checkpoint?.position.batch === 0 && isLastOfFit(checkpoint) === false) {
    const {position} = checkpoint;
    const value = await valueAt(folder, metric, position);
    if (value !== undefined && (best === undefined || isBetter(better, value, best.value))) {
      best = {step: position.step, metric, value};
      await folder.writeBest(best);
    }
  }
  return {
    name: 'keep-best',
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
  };
}

/** What a metric was at the end of the epoch before `epoch`, where it is a number. */
async function valueAt(folder: RunFolder, metric: string, {epoch, step}: Position): Promise<number | undefined> {
  let value: number | null | undefined;
  await folder.metrics.read((line) => {
    if (line.row && line.step === step && line.epoch === epoch - 1) value = line.row[metric];
  }, 'rare');
  return value ?? undefined;
}
